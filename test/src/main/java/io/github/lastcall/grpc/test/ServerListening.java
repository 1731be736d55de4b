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

package io.github.lastcall.grpc.test;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.util.StringUtils;

/**
 * Where the server of a test listens. Properties of the test itself take precedence over
 * those set here, which take precedence over those of the application.
 */
enum ServerListening {

	/**
	 * In the process, without a port.
	 */
	IN_PROCESS {

		@Override
		void addProperties(ConfigurableEnvironment environment, Map<String, Object> properties) {
			properties.put("grpc.server.port", -1);
			properties.put(HEALTH_PORT, "");
			properties.put("grpc.server.in-process.enabled", true);
			properties.put(IN_PROCESS_NAME, "test-" + UUID.randomUUID());
			properties.put(SOCKET, "");
		}

	},

	/**
	 * On free ports.
	 */
	RANDOM_PORT {

		@Override
		void addProperties(ConfigurableEnvironment environment, Map<String, Object> properties) {
			properties.put("grpc.server.port", 0);
			if (StringUtils.hasText(environment.getProperty(HEALTH_PORT))) {
				properties.put(HEALTH_PORT, 0);
			}
			properties.put("grpc.server.in-process.enabled", false);
			properties.put(SOCKET, "");
		}

	},

	/**
	 * As the application configures it.
	 */
	AS_CONFIGURED {

		@Override
		void addProperties(ConfigurableEnvironment environment, Map<String, Object> properties) {
			// Nothing to change.
		}

	};

	static final String PROPAGATION_DELAY = "grpc.server.shutdown.propagation-delay";

	static final String PROPERTY_SOURCE = "lastCallTest";

	private static final String HEALTH_PORT = "grpc.server.health.port";

	private static final String IN_PROCESS_NAME = "grpc.server.in-process.name";

	private static final String SOCKET = "grpc.server.unix-domain-socket.path";

	static ServerListening of(WebEnvironment webEnvironment) {
		return switch (webEnvironment) {
			case MOCK, NONE -> IN_PROCESS;
			case RANDOM_PORT -> RANDOM_PORT;
			case DEFINED_PORT -> AS_CONFIGURED;
		};
	}

	/**
	 * Sets the properties of the server, and those that keep a shutdown from waiting for
	 * load balancers.
	 */
	void apply(ConfigurableEnvironment environment) {
		Map<String, Object> properties = new LinkedHashMap<>();
		addProperties(environment, properties);
		properties.put(PROPAGATION_DELAY, "0");
		properties.put("grpc.server.shutdown.quiet-period", "0");
		MutablePropertySources sources = environment.getPropertySources();
		MapPropertySource source = new MapPropertySource(PROPERTY_SOURCE, properties);
		if (sources.contains(StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME)) {
			// After those of the test.
			sources.addBefore(StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME, source);
		}
		else {
			sources.addFirst(source);
		}
	}

	abstract void addProperties(ConfigurableEnvironment environment, Map<String, Object> properties);

}
