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

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.support.SystemEnvironmentPropertySourceEnvironmentPostProcessor;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Hides environment variables that Kubernetes sets in every pod for each Service of its
 * namespace ("service links"). If the name of a Service begins with {@code grpc-server},
 * its variables look like properties: {@code GRPC_SERVER_PORT} is
 * {@code tcp://10.0.0.5:9090}. Child processes and {@link System#getenv()} still see the
 * variables.
 */
final class ServiceLinks implements EnvironmentPostProcessor, Ordered {

	private static final Pattern PORT = Pattern.compile("((?:SPRING_)?GRPC_SERVER(?:_[A-Z0-9_]+)?)_PORT");

	private static final Pattern ADDRESS = Pattern.compile("(tcp|udp|sctp)://\\S+:\\d+");

	private static final String VARIABLES = "%s_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT|PORT_\\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)";

	@Override
	public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
		List<PropertySource<?>> sources = environment.getPropertySources().stream().toList();
		for (PropertySource<?> source : sources) {
			if (source instanceof SystemEnvironmentPropertySource variables) {
				Map<String, Object> others = without(variables.getSource());
				if (others != variables.getSource()) {
					environment.getPropertySources()
						.replace(source.getName(), new SystemEnvironmentPropertySource(source.getName(), others));
				}
			}
		}
	}

	/**
	 * Runs before Spring Boot adds origins to the variables.
	 */
	@Override
	public int getOrder() {
		return SystemEnvironmentPropertySourceEnvironmentPostProcessor.DEFAULT_ORDER - 1;
	}

	/**
	 * Removes the variables of Services that look like properties.
	 */
	private static Map<String, Object> without(Map<String, Object> variables) {
		Map<String, Pattern> services = services(variables);
		if (services.isEmpty()) {
			return variables;
		}
		Variables others = new Variables();
		variables.forEach((name, value) -> services.entrySet()
			.stream()
			.filter((service) -> service.getValue().matcher(name).matches())
			.findFirst()
			.ifPresentOrElse((service) -> others.ignored.merge(service.getKey(), List.of(name), ServiceLinks::join),
					() -> others.put(name, value)));
		return others;
	}

	/**
	 * Returns the names of Services with the pattern of their variables. Every Service
	 * with an address has a variable for its first port.
	 */
	private static Map<String, Pattern> services(Map<String, Object> variables) {
		// The longest name first: variables of grpc-server-health are not grpc-server's.
		Map<String, Pattern> services = new TreeMap<>((one, other) -> (one.length() != other.length())
				? other.length() - one.length() : one.compareTo(other));
		variables.forEach((name, value) -> {
			Matcher port = PORT.matcher(name);
			if (port.matches() && ADDRESS.matcher(String.valueOf(value)).matches()) {
				services.put(port.group(1).toLowerCase(Locale.ROOT).replace('_', '-'),
						Pattern.compile(VARIABLES.formatted(port.group(1))));
			}
		});
		return services;
	}

	private static List<String> join(List<String> some, List<String> more) {
		return Stream.concat(some.stream(), more.stream()).toList();
	}

	static Map<String, List<String>> ignoredIn(ConfigurableEnvironment environment) {
		return environment.getPropertySources()
			.stream()
			.map(PropertySource::getSource)
			.map((source) -> (source instanceof Variables variables) ? variables.ignored : null)
			.filter(Objects::nonNull)
			.findFirst()
			.orElse(Map.of());
	}

	/**
	 * The remaining environment variables.
	 */
	private static final class Variables extends LinkedHashMap<String, Object> {

		private static final long serialVersionUID = 1L;

		private final transient Map<String, List<String>> ignored = new TreeMap<>();

	}

}
