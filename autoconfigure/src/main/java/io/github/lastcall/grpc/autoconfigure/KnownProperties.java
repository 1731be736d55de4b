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

import org.springframework.boot.context.properties.source.ConfigurationPropertyName;

/**
 * The names and types of all properties under {@code grpc.server}, taken from
 * {@link GrpcServerProperties}.
 */
final class KnownProperties {

	static final String PREFIX = "grpc.server";

	/**
	 * The most letters of a name, as a part of it, that may be wrong for another one to
	 * be suggested.
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

	/**
	 * All properties.
	 * @return types by full name
	 */
	static Map<String, Class<?>> all() {
		return PROPERTIES;
	}

	/**
	 * The prefixes that properties have in common, such as {@code grpc.server.shutdown}.
	 * @return types by full name
	 */
	static Map<String, Class<?>> sections() {
		return SECTIONS;
	}

	/**
	 * The properties of a type.
	 * @param type the type
	 * @return full names
	 */
	static List<String> ofType(Class<?> type) {
		return names((name) -> PROPERTIES.get(name) == type);
	}

	/**
	 * The properties of a section.
	 * @param section the full name of the section
	 * @return full names
	 */
	static List<String> in(String section) {
		return names((name) -> name.startsWith(section + "."));
	}

	private static List<String> names(Predicate<String> filter) {
		return PROPERTIES.keySet().stream().filter(filter).toList();
	}

	/**
	 * Whether a name means a property or a part of one: an element of a list, an entry of
	 * a map.
	 * @param name the name, however it is spelled
	 * @return whether it is known
	 */
	static boolean contains(ConfigurationPropertyName name) {
		return PROPERTIES.entrySet().stream().anyMatch((property) -> {
			ConfigurationPropertyName known = ConfigurationPropertyName.of(property.getKey());
			return known.equals(name) || (hasParts(property.getValue()) && known.isAncestorOf(name));
		});
	}

	/**
	 * Whether an environment variable means a property or a part of one. Which of its
	 * underscores are dots and which are dashes cannot be told.
	 * @param variable the name of the variable
	 * @return whether it is known
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
	 * The letters and digits of a name, by which a property and an environment variable
	 * are compared.
	 * @param name the name
	 * @return lower-case letters and digits
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
	 * The property that an unknown name most probably means.
	 * @param unknown the name, in lower case and with dashes
	 * @return a full name, empty if none is similar
	 */
	static Optional<String> nearest(String unknown) {
		String letters = letters(unknown.substring(PREFIX.length()));
		return PROPERTIES.keySet()
			.stream()
			.min(Comparator.comparingInt((known) -> distance(letters, known)))
			.filter((known) -> distance(letters, known) <= Math.max(1, letters.length() * TYPOS));
	}

	/**
	 * A name without its section is as near as the whole name.
	 */
	private static int distance(String letters, String known) {
		String name = known.substring(PREFIX.length() + 1);
		int distance = distanceOf(letters, letters(name));
		int section = name.indexOf('.');
		while (section >= 0) {
			distance = Math.min(distance, distanceOf(letters, letters(name.substring(section))) + 1);
			section = name.indexOf('.', section + 1);
		}
		return distance;
	}

	/**
	 * How many letters are missing, superfluous, wrong or swapped with the next.
	 */
	private static int distanceOf(String one, String other) {
		int[][] distances = new int[one.length() + 1][other.length() + 1];
		for (int i = 0; i <= one.length(); i++) {
			for (int j = 0; j <= other.length(); j++) {
				distances[i][j] = (i == 0 || j == 0) ? i + j : shortest(distances, one, other, i, j);
			}
		}
		return distances[one.length()][other.length()];
	}

	private static int shortest(int[][] distances, String one, String other, int i, int j) {
		boolean same = one.charAt(i - 1) == other.charAt(j - 1);
		int shortest = Math.min(distances[i - 1][j - 1] + (same ? 0 : 1),
				Math.min(distances[i - 1][j], distances[i][j - 1]) + 1);
		boolean swapped = i > 1 && j > 1 && one.charAt(i - 1) == other.charAt(j - 2)
				&& one.charAt(i - 2) == other.charAt(j - 1);
		return swapped ? Math.min(shortest, distances[i - 2][j - 2] + 1) : shortest;
	}

}
