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

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * The ways to reach the application. Channels of different kinds cannot meet in one
 * server of grpc-java, so each is a server of its own.
 */
enum Transport {

	/**
	 * A port.
	 */
	NETWORK("network", "lastCall", "grpc.server.port") {

		@Override
		boolean isConfigured(Binder binder) {
			return binder.bind("grpc.server.port", Integer.class).orElse(0) != -1;
		}

	},

	/**
	 * A Unix domain socket.
	 */
	UNIX_DOMAIN_SOCKET("unix-domain-socket", "lastCallUnixDomainSocket", "grpc.server.unix-domain-socket.path") {

		@Override
		boolean isConfigured(Binder binder) {
			return property(binder, "grpc.server.unix-domain-socket.path", Path.class) != null;
		}

	},

	/**
	 * The process itself.
	 */
	IN_PROCESS("in-process", "lastCallInProcess", "grpc.server.in-process.enabled and .name") {

		@Override
		boolean isConfigured(Binder binder) {
			Boolean enabled = property(binder, "grpc.server.in-process.enabled", Boolean.class);
			return (enabled != null) ? enabled : property(binder, "grpc.server.in-process.name", String.class) != null;
		}

	};

	private final String serverName;

	private final String beanNamePrefix;

	private final String properties;

	Transport(String serverName, String beanNamePrefix, String properties) {
		this.serverName = serverName;
		this.beanNamePrefix = beanNamePrefix;
		this.properties = properties;
	}

	private static <T> @Nullable T property(Binder binder, String name, Class<T> type) {
		return binder.bind(name, type).orElse(null);
	}

	abstract boolean isConfigured(Binder binder);

	boolean isConfigured(Environment environment) {
		return isConfigured(Binder.get(environment));
	}

	/**
	 * The name of the server, in logs, meters and Actuator.
	 */
	String serverName() {
		return this.serverName;
	}

	/**
	 * What {@link #isConfigured} looks at, for people.
	 */
	String properties() {
		return this.properties;
	}

	/**
	 * The name of a bean that each server has one of.
	 */
	String beanName(Class<?> type) {
		String name = type.getSimpleName();
		return this.beanNamePrefix + (name.startsWith("Grpc") ? name.substring("Grpc".length()) : name);
	}

}
