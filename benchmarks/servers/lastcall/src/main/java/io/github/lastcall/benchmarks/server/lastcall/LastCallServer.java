/*
 * Copyright 2026 the Last Call authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.lastcall.benchmarks.server.lastcall;

import io.github.lastcall.benchmarks.service.CallService;
import io.github.lastcall.benchmarks.service.LoadService;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.call.DrainSignal;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;

/**
 * The services, served with Last Call. Nothing is scanned: its neighbours here are no
 * beans of it.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class LastCallServer {

	/**
	 * Start the server.
	 * @param args properties, such as {@code --grpc.server.port=1234}
	 */
	public static void main(String[] args) {
		SpringApplication.run(LastCallServer.class, args);
	}

	@Bean
	@GrpcService
	LoadService loadService() {
		return new LoadService((action) -> DrainSignal.current().onDrain(action));
	}

	@Bean
	@GrpcService
	CallService callService() {
		return new CallService();
	}

}
