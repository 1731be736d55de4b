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

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.origin.PropertySourceOrigin;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * A property that is set and has no effect because it is not Last Call's: it belongs to
 * another starter, or its name is misspelled.
 *
 * @param name the name as it is written
 * @param where where it is set
 * @param advice what to do about it
 * @param security whether calls are less protected than it says
 */
record ForeignProperty(String name, String where, String advice, boolean security) {

	private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of(KnownProperties.PREFIX);

	/**
	 * Finds all such properties. If a name is set more than once, the value with the
	 * highest precedence is reported.
	 */
	static List<ForeignProperty> in(ConfigurableEnvironment environment) {
		Map<String, Candidate> candidates = new LinkedHashMap<>();
		for (PropertySource<?> source : environment.getPropertySources()) {
			if (source instanceof EnumerablePropertySource<?> enumerable
					&& !source.getName().equals(BootServerEnvironmentPostProcessor.PROPERTY_SOURCE)) {
				for (String name : enumerable.getPropertyNames()) {
					Candidate candidate = Candidate.of(name, source);
					if (candidate != null) {
						candidates.putIfAbsent(KnownProperties.letters(name), candidate);
					}
				}
			}
		}
		if (candidates.isEmpty()) {
			return List.of();
		}
		List<OtherStarter> starters = OtherStarter.all();
		List<ForeignProperty> found = new ArrayList<>();
		candidates.values().forEach((candidate) -> candidate.find(starters, environment).ifPresent(found::add));
		return found;
	}

	private static boolean isSet(ConfigurableEnvironment environment, String property) {
		return !ConfiguredProperty.find(environment, property).isEmpty();
	}

	/**
	 * A property that is not Last Call's although its name has the same prefix.
	 */
	private record Candidate(String name, PropertySource<?> source, @Nullable ConfigurationPropertyName canonical) {

		static @Nullable Candidate of(String name, PropertySource<?> source) {
			String letters = name.toLowerCase(Locale.ROOT);
			if (!letters.startsWith("grpc") && !letters.startsWith("spring.grpc")
					&& !letters.startsWith("spring_grpc")) {
				return null;
			}
			if (source instanceof SystemEnvironmentPropertySource) {
				return KnownProperties.containsVariable(name) ? null : new Candidate(name, source, null);
			}
			ConfigurationPropertyName canonical = ConfigurationPropertyName.adapt(name, '.');
			return KnownProperties.contains(canonical) ? null : new Candidate(name, source, canonical);
		}

		Optional<ForeignProperty> find(List<OtherStarter> starters, ConfigurableEnvironment environment) {
			for (OtherStarter starter : starters) {
				for (OtherStarter.Property property : starter.properties()) {
					if (matches(property)) {
						return find(starter, property, environment);
					}
				}
			}
			return unknown();
		}

		private boolean matches(OtherStarter.Property property) {
			return (this.canonical != null) ? property.matches(this.canonical) : property.matchesVariable(this.name);
		}

		private Optional<ForeignProperty> find(OtherStarter starter, OtherStarter.Property property,
				ConfigurableEnvironment environment) {
			String value = String.valueOf(this.source.getProperty(this.name));
			if (value.isEmpty() || property.unless().contains(value.toLowerCase(Locale.ROOT))) {
				return Optional.empty();
			}
			boolean replaced = isReplaced(property, environment);
			boolean security = property.security() && !replaced && !isDisabled(property, environment);
			// A short name such as grpc.port may be the application's own property.
			if (!security && !starter.prefix().endsWith(KnownProperties.PREFIX)
					&& (replaced || this.canonical == null)) {
				return Optional.empty();
			}
			return Optional
				.of(of(replaced ? "remove it: its replacement is already set" : property.advice(), security));
		}

		private boolean isReplaced(OtherStarter.Property property, ConfigurableEnvironment environment) {
			List<String> ours = property.instead()
				.stream()
				.filter((name) -> KnownProperties.all().containsKey(name))
				.toList();
			return !ours.isEmpty() && ours.stream().allMatch((name) -> isSet(environment, name));
		}

		private boolean isDisabled(OtherStarter.Property property, ConfigurableEnvironment environment) {
			return !property.enabledBy().isEmpty()
					&& "false".equalsIgnoreCase(environment.getProperty(property.enabledBy()));
		}

		/**
		 * An environment variable with the same prefix may have another purpose, such as
		 * the address of a server to call.
		 */
		private Optional<ForeignProperty> unknown() {
			String name = (this.canonical != null) ? canonical(this.canonical)
					: this.name.toLowerCase(Locale.ROOT).replace('_', '.');
			if ((this.canonical != null) ? !PREFIX.isAncestorOf(this.canonical)
					: !name.startsWith(KnownProperties.PREFIX + ".")) {
				return Optional.empty();
			}
			Optional<String> nearest = KnownProperties.nearest(name);
			if (nearest.isEmpty() && this.canonical == null) {
				return Optional.empty();
			}
			return Optional.of(of(nearest.map((similar) -> "unknown property, did you mean %s?".formatted(similar))
				.orElse("unknown property"), false));
		}

		private static String canonical(ConfigurationPropertyName name) {
			StringBuilder text = new StringBuilder();
			for (int i = 0; i < name.getNumberOfElements(); i++) {
				text.append((i > 0) ? "." : "").append(name.getElement(i, Form.DASHED));
			}
			return text.toString();
		}

		private ForeignProperty of(String advice, boolean security) {
			return new ForeignProperty(this.name, PropertySourceOrigin.get(this.source, this.name).toString(), advice,
					security);
		}

	}

	String line() {
		return "%n    %s (%s): %s".formatted(this.name, this.where, this.advice);
	}

}
