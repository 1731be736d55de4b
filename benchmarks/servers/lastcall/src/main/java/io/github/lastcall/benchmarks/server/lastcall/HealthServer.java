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

import io.github.lastcall.benchmarks.service.ControlService;
import io.github.lastcall.benchmarks.service.EmptyService;
import io.github.lastcall.grpc.health.ServingStatusTable;
import io.github.lastcall.grpc.server.GrpcService;
import io.grpc.netty.shaded.io.netty.util.internal.PlatformDependent;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;

/**
 * What health is measured against: an empty method on the executor that calls have unless
 * told otherwise, and one on the event loop, where health itself is.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class HealthServer {

	/**
	 * Start the server.
	 * @param args properties, such as {@code --grpc.server.port=1234}
	 */
	public static void main(String[] args) {
		SpringApplication.run(HealthServer.class, args);
	}

	@Bean
	@GrpcService
	EmptyService emptyOnExecutor() {
		return new EmptyService("lastcall.benchmarks.EmptyOnExecutor");
	}

	@Bean
	@GrpcService(executor = GrpcService.DIRECT)
	EmptyService emptyOnEventLoop() {
		return new EmptyService("lastcall.benchmarks.EmptyOnEventLoop");
	}

	@Bean
	@GrpcService
	ControlService controlService(ServingStatusTable statuses) {
		return new ControlService((open) -> statuses.gate(() -> open), PlatformDependent::usedDirectMemory);
	}

}
