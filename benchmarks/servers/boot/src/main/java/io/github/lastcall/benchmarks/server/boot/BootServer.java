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

package io.github.lastcall.benchmarks.server.boot;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import io.github.lastcall.benchmarks.service.CallService;
import io.github.lastcall.benchmarks.service.LoadService;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerExecutorProvider;
import org.springframework.context.annotation.Bean;

/**
 * The services, served with Spring Boot's own gRPC support.
 */
@SpringBootApplication(proxyBeanMethods = false)
public class BootServer {

	/**
	 * Start the server.
	 * @param args properties, such as {@code --spring.grpc.server.port=1234}
	 */
	public static void main(String[] args) {
		SpringApplication.run(BootServer.class, args);
	}

	@Bean
	LoadService loadService() {
		return new LoadService();
	}

	@Bean
	CallService callService() {
		return new CallService();
	}

	@Bean
	@ConditionalOnProperty("benchmarks.threads")
	GrpcServerExecutorProvider pool(@Value("${benchmarks.threads}") int threads) {
		ExecutorService pool = Executors.newFixedThreadPool(threads);
		return () -> pool;
	}

}
