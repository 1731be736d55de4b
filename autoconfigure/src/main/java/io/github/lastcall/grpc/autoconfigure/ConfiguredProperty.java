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
import java.util.List;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.origin.Origin;
import org.springframework.core.env.Environment;

/**
 * A property as it is set in a file, an environment variable or on the command line.
 *
 * @param name the name in lower case, with dots and dashes
 * @param value the value as it is written
 * @param origin where it is set
 */
record ConfiguredProperty(String name, Object value, @Nullable Origin origin) {

	private static ConfiguredProperty of(ConfigurationProperty property) {
		return new ConfiguredProperty(property.getName().toString(), property.getValue(), property.getOrigin());
	}

	/**
	 * Finds where a property is set with the highest precedence. Each element of a list
	 * is a property of its own.
	 */
	static List<ConfiguredProperty> find(Environment environment, String name) {
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			List<ConfiguredProperty> found = find(source, name);
			if (!found.isEmpty()) {
				return found;
			}
		}
		return List.of();
	}

	private static List<ConfiguredProperty> find(ConfigurationPropertySource source, String name) {
		List<ConfiguredProperty> found = new ArrayList<>();
		spellings(name).map(source::getConfigurationProperty).forEach((property) -> {
			if (property != null && found.isEmpty()) {
				found.add(of(property));
			}
		});
		ConfigurationPropertyName list = ConfigurationPropertyName.adapt(name, '.');
		if (source instanceof IterableConfigurationPropertySource iterable) {
			iterable.filter((child) -> list.isParentOf(child) && child.isLastElementIndexed())
				.stream()
				.map(source::getConfigurationProperty)
				.forEach((property) -> {
					if (property != null) {
						found.add(of(property));
					}
				});
		}
		return found;
	}

	/**
	 * A key of a map may be written in brackets.
	 */
	private static Stream<ConfigurationPropertyName> spellings(String name) {
		Stream<ConfigurationPropertyName> inBrackets = KnownProperties.all()
			.keySet()
			.stream()
			.filter((map) -> name.startsWith(map + "."))
			.map((map) -> ConfigurationPropertyName.of(map).append("[" + name.substring(map.length() + 1) + "]"));
		return Stream.concat(Stream.of(ConfigurationPropertyName.adapt(name, '.')), inBrackets);
	}

	String where() {
		return (this.origin != null) ? this.origin.toString() : "unknown origin";
	}

}
