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
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import io.github.lastcall.grpc.server.GrpcServerStartException;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * Fails the start for mistakes that binding would accept or ignore: a value for a
 * section, a duration without a unit, and security properties of other starters. Runs
 * before any bean is created.
 */
final class EnvironmentCheck implements BeanFactoryPostProcessor, AopInfrastructureBean {

	private static final Pattern NUMBER = Pattern.compile("[+-]?\\d+");

	private static final Pattern ZERO = Pattern.compile("[+-]?0+");

	private final ConfigurableEnvironment environment;

	EnvironmentCheck(ConfigurableEnvironment environment) {
		this.environment = environment;
	}

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
		KnownProperties.sections().keySet().forEach(this::sectionWithoutValue);
		KnownProperties.ofType(Duration.class).forEach(this::durationWithUnit);
		nothingLessProtected();
	}

	/**
	 * An empty value is a section without properties in a YAML file.
	 */
	private void sectionWithoutValue(String section) {
		ConfiguredProperty.find(this.environment, section)
			.stream()
			.filter((set) -> set.name().equals(section) && !set.value().toString().isEmpty())
			.findAny()
			.ifPresent((set) -> {
				String properties = String.join(", ", KnownProperties.in(section));
				throw PropertyChecks.invalid(section,
						"has a value, but is a prefix of other properties and not a property itself",
						section.equals("grpc.server.shutdown")
								? "Remove grpc.server.shutdown: the gRPC server always shuts down gracefully. To change how, set one of these: %s."
									.formatted(properties)
								: "Remove %s, or set one of these instead: %s.".formatted(section, properties));
			});
	}

	private void durationWithUnit(String name) {
		String value = Binder.get(this.environment).bind(name, String.class).orElse("").trim();
		if (NUMBER.matcher(value).matches() && !ZERO.matcher(value).matches()) {
			throw PropertyChecks.invalid(name, "has no unit",
					"Set %1$s to %2$ss for seconds, or to %2$sms for milliseconds.".formatted(name, value));
		}
	}

	private void nothingLessProtected() {
		List<ForeignProperty> foreign = ForeignProperty.in(this.environment)
			.stream()
			.filter(ForeignProperty::security)
			.toList();
		if (!foreign.isEmpty()) {
			throw new GrpcServerStartException(
					"The gRPC server would be less protected than configured: these properties belong to another starter and have no effect.%n%s"
						.formatted(foreign.stream().map(ForeignProperty::line).collect(Collectors.joining())),
					"Replace each of these properties as shown. docs/migration.md has complete examples.");
		}
	}

}
