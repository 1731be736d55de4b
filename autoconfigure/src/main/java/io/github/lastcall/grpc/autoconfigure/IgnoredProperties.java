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

import java.util.Locale;

import io.github.lastcall.grpc.autoconfigure.GrpcServerProperties.ExecutorType;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * Says at the start which properties are set and do nothing, because another one takes
 * away what they are for. That is no reason not to start: a profile that switches the
 * port off, or to another executor, cannot unset what the configuration that it builds
 * upon says of them.
 */
final class IgnoredProperties implements SmartInitializingSingleton {

	private static final Log logger = LogFactory.getLog(IgnoredProperties.class);

	private final GrpcServerProperties properties;

	private final Environment environment;

	IgnoredProperties(GrpcServerProperties properties, Environment environment) {
		this.properties = properties;
		this.environment = environment;
	}

	@Override
	public void afterSingletonsInstantiated() {
		if (!Transport.NETWORK.isConfigured(this.environment)) {
			withoutPort();
		}
		ExecutorType executor = this.properties.executor().typeIn(this.environment);
		if (executor != ExecutorType.PLATFORM) {
			withoutPlatformThreads(executor);
		}
	}

	private void withoutPort() {
		String reason = "there is no server on a port, as grpc.server.port is -1";
		if (!this.properties.address().isEmpty() && this.properties.health().port() == null) {
			warn("grpc.server.address", reason);
		}
		if (this.properties.ssl().bundle() != null) {
			warn("grpc.server.ssl.bundle", reason);
		}
	}

	private void withoutPlatformThreads(ExecutorType executor) {
		String reason = "calls run on no platform threads, as the type of the executor is "
				+ executor.name().toLowerCase(Locale.ROOT);
		if (Binder.get(this.environment).bind("grpc.server.executor.threads", String.class).isBound()) {
			warn("grpc.server.executor.threads", reason);
		}
		if (this.properties.executor().queueCapacity() != null) {
			warn("grpc.server.executor.queue-capacity", reason);
		}
	}

	private static void warn(String property, String reason) {
		logger.warn("%s is set and does nothing: %s".formatted(property, reason));
	}

}
