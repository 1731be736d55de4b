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

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * The servers that an application may have. A server of grpc-java supports one kind of
 * channels, so each transport needs its own.
 */
enum ServerType {

	NETWORK("network", "lastCall") {

		@Override
		boolean isConfigured(Binder binder) {
			return binder.bind("grpc.server.port", Integer.class).orElse(0) != -1;
		}

	},

	UNIX_DOMAIN_SOCKET("unix-domain-socket", "lastCallUnixDomainSocket") {

		@Override
		boolean isConfigured(Binder binder) {
			return property(binder, "grpc.server.unix-domain-socket.path", Path.class) != null;
		}

	},

	IN_PROCESS("in-process", "lastCallInProcess") {

		@Override
		boolean isConfigured(Binder binder) {
			Boolean enabled = property(binder, "grpc.server.in-process.enabled", Boolean.class);
			return (enabled != null) ? enabled : property(binder, "grpc.server.in-process.name", String.class) != null;
		}

	},

	/**
	 * A server on a separate port for probes, which serves only health.
	 */
	HEALTH("health", "lastCallHealth") {

		@Override
		boolean isConfigured(Binder binder) {
			return binder.bind("grpc.server.health.enabled", Boolean.class).orElse(true)
					&& property(binder, "grpc.server.health.port", Integer.class) != null;
		}

	};

	private final String serverName;

	private final String beanNamePrefix;

	ServerType(String serverName, String beanNamePrefix) {
		this.serverName = serverName;
		this.beanNamePrefix = beanNamePrefix;
	}

	private static <T> @Nullable T property(Binder binder, String name, Class<T> type) {
		return binder.bind(name, type).orElse(null);
	}

	static List<ServerType> configuredIn(Environment environment) {
		Binder binder = Binder.get(environment);
		return Arrays.stream(values()).filter((type) -> type.isConfigured(binder)).toList();
	}

	abstract boolean isConfigured(Binder binder);

	/**
	 * Returns whether the server serves the application, and not only probes.
	 */
	boolean servesApplication() {
		return this != HEALTH;
	}

	String serverName() {
		return this.serverName;
	}

	String beanName(String suffix) {
		return this.beanNamePrefix + suffix;
	}

}
