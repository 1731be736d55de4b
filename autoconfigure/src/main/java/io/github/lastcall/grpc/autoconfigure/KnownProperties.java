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

import java.lang.reflect.RecordComponent;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

import io.github.lastcall.grpc.server.SimilarNames;

import org.springframework.boot.context.properties.source.ConfigurationPropertyName;

/**
 * Names and types of all properties under {@code grpc.server}, read from
 * {@link GrpcServerProperties}.
 */
final class KnownProperties {

	static final String PREFIX = "grpc.server";

	/**
	 * Maximum share of wrong letters in a name for which another name is suggested.
	 */
	private static final double TYPOS = 0.4;

	private static final Map<String, Class<?>> PROPERTIES;

	private static final Map<String, Class<?>> SECTIONS;

	static {
		Map<String, Class<?>> properties = new LinkedHashMap<>();
		Map<String, Class<?>> sections = new LinkedHashMap<>();
		collect(PREFIX, GrpcServerProperties.class, properties, sections);
		PROPERTIES = Collections.unmodifiableMap(properties);
		SECTIONS = Collections.unmodifiableMap(sections);
	}

	private KnownProperties() {
	}

	private static void collect(String prefix, Class<?> type, Map<String, Class<?>> properties,
			Map<String, Class<?>> sections) {
		for (RecordComponent component : type.getRecordComponents()) {
			String name = prefix + "." + dashed(component.getName());
			if (component.getType().getNestHost() == GrpcServerProperties.class && component.getType().isRecord()) {
				sections.put(name, component.getType());
				collect(name, component.getType(), properties, sections);
			}
			else {
				properties.put(name, component.getType());
			}
		}
	}

	private static String dashed(String name) {
		StringBuilder dashed = new StringBuilder();
		for (char letter : name.toCharArray()) {
			if (Character.isUpperCase(letter)) {
				dashed.append('-');
			}
			dashed.append(Character.toLowerCase(letter));
		}
		return dashed.toString();
	}

	static Map<String, Class<?>> all() {
		return PROPERTIES;
	}

	/**
	 * Returns the prefixes that properties have in common, such as
	 * {@code grpc.server.shutdown}.
	 */
	static Map<String, Class<?>> sections() {
		return SECTIONS;
	}

	static List<String> ofType(Class<?> type) {
		return names((name) -> PROPERTIES.get(name) == type);
	}

	static List<String> in(String section) {
		return names((name) -> name.startsWith(section + "."));
	}

	private static List<String> names(Predicate<String> filter) {
		return PROPERTIES.keySet().stream().filter(filter).toList();
	}

	/**
	 * Returns whether a name denotes a property or a part of one, such as an element of a
	 * list or an entry of a map.
	 */
	static boolean contains(ConfigurationPropertyName name) {
		return PROPERTIES.entrySet().stream().anyMatch((property) -> {
			ConfigurationPropertyName known = ConfigurationPropertyName.of(property.getKey());
			return known.equals(name) || (hasParts(property.getValue()) && known.isAncestorOf(name));
		});
	}

	/**
	 * Returns whether an environment variable denotes a property or a part of one. An
	 * underscore may stand for a dot or a dash.
	 */
	static boolean containsVariable(String variable) {
		String letters = letters(variable);
		return PROPERTIES.entrySet().stream().anyMatch((property) -> {
			String known = letters(property.getKey());
			return hasParts(property.getValue()) ? letters.startsWith(known) : letters.equals(known);
		});
	}

	static boolean hasParts(Class<?> type) {
		return Map.class.isAssignableFrom(type) || List.class.isAssignableFrom(type);
	}

	/**
	 * Returns the letters and digits of a name, for comparing a property with an
	 * environment variable.
	 */
	static String letters(String name) {
		StringBuilder letters = new StringBuilder();
		name.chars()
			.filter(Character::isLetterOrDigit)
			.map(Character::toLowerCase)
			.forEach((letter) -> letters.append((char) letter));
		return letters.toString();
	}

	/**
	 * Finds the property that is most similar to an unknown name.
	 */
	static Optional<String> nearest(String unknown) {
		String letters = letters(unknown.substring(PREFIX.length()));
		return PROPERTIES.keySet()
			.stream()
			.min(Comparator.comparingInt((known) -> distance(letters, known)))
			.filter((known) -> distance(letters, known) <= Math.max(1, letters.length() * TYPOS));
	}

	/**
	 * Returns the edit distance of a name, with or without its section.
	 */
	private static int distance(String letters, String known) {
		String name = known.substring(PREFIX.length() + 1);
		int distance = SimilarNames.distance(letters, letters(name));
		int section = name.indexOf('.');
		while (section >= 0) {
			distance = Math.min(distance, SimilarNames.distance(letters, letters(name.substring(section))) + 1);
			section = name.indexOf('.', section + 1);
		}
		return distance;
	}

}
