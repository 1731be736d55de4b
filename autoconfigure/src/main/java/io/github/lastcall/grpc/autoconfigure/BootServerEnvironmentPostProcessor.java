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
package io.github.lastcall.grpc.autoconfigure;

import java.util.Map;

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.util.ClassUtils;

/**
 * Disables Spring Boot's own gRPC server in an application that uses Last Call. Both
 * servers would serve the same services on the same port. Spring Boot's test starters
 * bring that server too.
 */
class BootServerEnvironmentPostProcessor implements EnvironmentPostProcessor, Ordered {

	/**
	 * Name of the property source, which has the lowest precedence.
	 */
	static final String PROPERTY_SOURCE = "lastCallDefaults";

	static final String PROPERTY = "spring.grpc.server.enabled";

	private static final String BOOT_SERVER = "org.springframework.boot.grpc.server.autoconfigure.GrpcServerAutoConfiguration";

	static boolean isPresent(ClassLoader classLoader) {
		return ClassUtils.isPresent(BOOT_SERVER, classLoader);
	}

	@Override
	public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
		if (isPresent(application.getClassLoader()) && isEnabled(environment)) {
			environment.getPropertySources().addLast(new MapPropertySource(PROPERTY_SOURCE, Map.of(PROPERTY, false)));
		}
	}

	private static boolean isEnabled(ConfigurableEnvironment environment) {
		try {
			return OnServerEnabled.isEnabled(environment);
		}
		catch (BindException ex) {
			// The start fails later, with an analysis that shows the value and its
			// origin.
			return false;
		}
	}

	/**
	 * Runs after the configuration files have been loaded.
	 */
	@Override
	public int getOrder() {
		return Ordered.LOWEST_PRECEDENCE;
	}

}
