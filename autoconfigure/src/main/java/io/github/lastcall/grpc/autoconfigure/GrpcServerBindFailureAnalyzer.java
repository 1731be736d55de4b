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
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.util.unit.DataSize;

/**
 * Analyzes a value under {@code grpc.server} that cannot be converted to the type of its
 * property. Ordered before Spring Boot's analyzer, which describes neither the type in
 * plain English nor an action.
 */
@Order(Ordered.HIGHEST_PRECEDENCE + 1)
class GrpcServerBindFailureAnalyzer extends AbstractFailureAnalyzer<BindException> {

	private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of(KnownProperties.PREFIX);

	private final GrpcServerStartFailureAnalyzer analyzer;

	GrpcServerBindFailureAnalyzer(@Nullable Environment environment) {
		this.analyzer = new GrpcServerStartFailureAnalyzer(environment);
	}

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, BindException cause) {
		if (!PREFIX.isAncestorOf(cause.getName())) {
			return null;
		}
		String name = cause.getName().toString();
		Class<?> type = KnownProperties.all().get(name);
		return (type != null)
				? this.analyzer.analyze(rootFailure, PropertyChecks.invalid(name,
						"is not %s".formatted(description(type)), "Set %s to %s.".formatted(name, description(type))))
				: null;
	}

	private static String description(Class<?> type) {
		if (type.isEnum()) {
			return Arrays.stream(type.getEnumConstants())
				.map((constant) -> constant.toString().toLowerCase(Locale.ROOT))
				.collect(Collectors.joining(", ", "one of ", ""));
		}
		if (type == boolean.class || type == Boolean.class) {
			return "true or false";
		}
		if (type == int.class || type == Integer.class) {
			return "a whole number";
		}
		if (type == Duration.class) {
			return "a duration such as 30s, 500ms or 2m";
		}
		if (type == DataSize.class) {
			return "a size such as 4MB or 8KB";
		}
		if (type == Path.class) {
			return "the path of a file";
		}
		return "a value of type " + type.getSimpleName();
	}

}
