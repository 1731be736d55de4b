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
import java.util.Map;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * One warning, at the start, of all properties that are set and have no effect.
 */
final class PropertyReport implements SmartInitializingSingleton, AopInfrastructureBean {

	private static final Log logger = LogFactory.getLog(PropertyReport.class);

	private final ConfigurableEnvironment environment;

	private final Map<String, String> ineffective;

	/**
	 * Create a new report.
	 * @param environment the environment
	 * @param ineffective reasons why properties of Last Call's have no effect, by name
	 */
	PropertyReport(ConfigurableEnvironment environment, Map<String, String> ineffective) {
		this.environment = environment;
		this.ineffective = ineffective;
	}

	@Override
	public void afterSingletonsInstantiated() {
		serviceLinks();
		StringBuilder lines = new StringBuilder();
		this.ineffective.forEach((name, reason) -> ConfiguredProperty.find(this.environment, name)
			.stream()
			.filter((set) -> !set.value().toString().isEmpty())
			.forEach((set) -> lines.append("%n    %s (%s): %s".formatted(set.name(), set.where(), reason))));
		ForeignProperty.in(this.environment).forEach((foreign) -> lines.append(foreign.line()));
		if (!lines.isEmpty()) {
			logger.warn("These properties are set and have no effect:" + lines);
		}
	}

	private void serviceLinks() {
		Map<String, List<String>> ignored = ServiceLinks.ignoredIn(this.environment);
		ignored.forEach((service, variables) -> logger.warn(
				"Environment variables that Kubernetes sets for the Service '%s' are ignored as properties: %s. Set enableServiceLinks to false in the pod spec to remove them."
					.formatted(service, String.join(", ", variables))));
	}

}
