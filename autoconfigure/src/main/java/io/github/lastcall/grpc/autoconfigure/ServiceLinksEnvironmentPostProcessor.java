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

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.support.SystemEnvironmentPropertySourceEnvironmentPostProcessor;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Hides the variables of {@link ServiceLinks} from the environment. The processes that
 * the application starts, and {@link System#getenv()}, still have them.
 */
class ServiceLinksEnvironmentPostProcessor implements EnvironmentPostProcessor, Ordered {

	@Override
	public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
		List<PropertySource<?>> sources = environment.getPropertySources().stream().toList();
		for (PropertySource<?> source : sources) {
			if (source instanceof SystemEnvironmentPropertySource variables) {
				Map<String, Object> others = ServiceLinks.without(variables.getSource());
				if (others != variables.getSource()) {
					environment.getPropertySources()
						.replace(source.getName(), new SystemEnvironmentPropertySource(source.getName(), others));
				}
			}
		}
	}

	/**
	 * Before Spring Boot makes the variables know their origin.
	 */
	@Override
	public int getOrder() {
		return SystemEnvironmentPropertySourceEnvironmentPostProcessor.DEFAULT_ORDER - 1;
	}

}
