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

package io.github.lastcall.grpc.testing;

import io.github.lastcall.grpc.autoconfigure.GrpcServerAutoConfiguration;
import io.github.lastcall.grpc.autoconfigure.GrpcServerHealthContributorAutoConfiguration;
import io.github.lastcall.grpc.autoconfigure.GrpcServerMetricsAutoConfiguration;
import io.github.lastcall.grpc.autoconfigure.GrpcServerObservationAutoConfiguration;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.autoconfigure.context.LifecycleAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;

/**
 * Contexts with this library's auto-configuration and what it rests on.
 */
public final class GrpcServerContextRunner {

	private GrpcServerContextRunner() {
	}

	/**
	 * A runner whose server, if there is one, listens on a free port.
	 */
	public static ApplicationContextRunner create() {
		return new ApplicationContextRunner().withUserConfiguration(Imports.class)
			.withPropertyValues("grpc.server.port=0");
	}

	/**
	 * Imported by name, as Boot does it, and not by class: a class that is missing in a
	 * test with a filtered class loader must be missed the way it is in an application.
	 */
	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ ApplicationAvailabilityAutoConfiguration.class, LifecycleAutoConfiguration.class,
			GrpcServerAutoConfiguration.class, GrpcServerHealthContributorAutoConfiguration.class,
			GrpcServerMetricsAutoConfiguration.class, GrpcServerObservationAutoConfiguration.class })
	static class Imports {

	}

}
