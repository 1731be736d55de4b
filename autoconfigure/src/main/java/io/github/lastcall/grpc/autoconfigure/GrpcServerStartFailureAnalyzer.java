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

import java.util.List;
import java.util.stream.Collectors;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;

/**
 * Analyzes a {@link GrpcServerStartException} and shows where the properties that it
 * names are set. Ordered before Spring Boot's analyzers, because a check in a constructor
 * of {@link GrpcServerProperties} fails the binding too.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
class GrpcServerStartFailureAnalyzer extends AbstractFailureAnalyzer<GrpcServerStartException> {

	private final @Nullable Environment environment;

	GrpcServerStartFailureAnalyzer(@Nullable Environment environment) {
		this.environment = environment;
	}

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, GrpcServerStartException cause) {
		StringBuilder description = new StringBuilder(String.valueOf(cause.getMessage()));
		for (String property : cause.getProperties()) {
			description.append("%n%n    Property: %s%s".formatted(property, where(property)));
		}
		return new FailureAnalysis(description.toString(), cause.getAction(), cause);
	}

	private String where(String property) {
		List<ConfiguredProperty> configured = (this.environment != null)
				? ConfiguredProperty.find(this.environment, property) : List.of();
		return configured.isEmpty() ? " (not set, the default applies)"
				: configured.stream()
					.map((set) -> "%n    Value: \"%s\"%n    Origin: %s".formatted(set.value(), set.where()))
					.collect(Collectors.joining());
	}

}
