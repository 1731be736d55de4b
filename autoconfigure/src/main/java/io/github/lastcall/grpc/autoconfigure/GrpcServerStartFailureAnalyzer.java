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

import io.github.lastcall.grpc.server.GrpcServerStartException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.OriginLookup;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;
import org.springframework.core.env.PropertySource;

/**
 * Shows a {@link GrpcServerStartException}, with the place where each property that has a
 * part in it is set.
 */
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
		if (this.environment instanceof ConfigurableEnvironment configurable) {
			for (PropertySource<?> source : configurable.getPropertySources()) {
				// A list in a file is a property for each of its elements.
				String where = where(source, property);
				for (int i = 0; source.containsProperty(property + "[" + i + "]"); i++) {
					where += where(source, property + "[" + i + "]");
				}
				if (!where.isEmpty()) {
					return where;
				}
			}
		}
		return " (not set, its default applies)";
	}

	private String where(PropertySource<?> source, String property) {
		Object value = source.getProperty(property);
		if (value == null) {
			return "";
		}
		Origin origin = OriginLookup.getOrigin(source, property);
		return "%n    Value: \"%s\"%n    Origin: %s".formatted(value,
				(origin != null) ? origin : "\"" + source.getName() + "\" property source");
	}

}
