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

import java.time.Duration;
import java.util.List;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import org.jspecify.annotations.Nullable;

import org.springframework.util.unit.DataSize;

/**
 * Checks values of properties. A property that is not set passes every check.
 */
final class PropertyChecks {

	private PropertyChecks() {
	}

	static void positive(String property, @Nullable Duration value) {
		check(value == null || (!value.isZero() && !value.isNegative()), property, "must be positive",
				"Set %s to a duration such as 10s.");
	}

	static void notNegative(String property, @Nullable Duration value) {
		check(value == null || !value.isNegative(), property, "must not be negative",
				"Set %s to 0 or to a duration such as 10s.");
	}

	static void atLeast(String property, @Nullable Duration value, Duration minimum) {
		check(value == null || value.compareTo(minimum) >= 0, property,
				"must be at least %ds".formatted(minimum.toSeconds()),
				"Set %s to " + minimum.toSeconds() + "s or more.");
	}

	static void wholeSeconds(String property, Duration value) {
		check(value.toSeconds() >= 1 && value.equals(Duration.ofSeconds(value.toSeconds())), property,
				"must be one or more whole seconds", "Set %s to a duration such as 10s.");
	}

	static void positive(String property, @Nullable Integer value) {
		check(value == null || value > 0, property, "must be positive", "Set %s to 1 or more.");
	}

	static void notNegative(String property, int value) {
		check(value >= 0, property, "must not be negative", "Set %s to 1 or more, or to 0 for no limit.");
	}

	static void port(String property, int value) {
		check(value >= 0 && value <= 65535, property, "is not a port",
				"Set %s to a number from 0 (any free port) to 65535.");
	}

	static void positive(String property, @Nullable DataSize value) {
		check(value == null || value.toBytes() > 0, property, "must be at least 1 byte",
				"Set %s to a size such as 4MB.");
	}

	static void notNegative(String property, DataSize value) {
		check(!value.isNegative(), property, "must not be negative",
				"Set %s to a size such as 4MB, or to 0 for no limit.");
	}

	/**
	 * Checks a size that grpc-java takes as an {@code int}.
	 */
	static void size(String property, @Nullable DataSize value) {
		check(value == null || (value.toBytes() > 0 && value.toBytes() <= Integer.MAX_VALUE), property,
				"must be at least 1 byte and less than 2 GB", "Set %s to a size such as 4MB.");
	}

	private static void check(boolean valid, String property, String problem, String action) {
		if (!valid) {
			throw invalid(property, problem, action.formatted(property));
		}
	}

	/**
	 * Creates the exception for a property with an invalid value. The failure analysis
	 * adds the value and where it is set.
	 */
	static GrpcServerStartException invalid(String property, String problem, String action) {
		return new GrpcServerStartException(property + " " + problem + ".", action, List.of(property), null);
	}

}
