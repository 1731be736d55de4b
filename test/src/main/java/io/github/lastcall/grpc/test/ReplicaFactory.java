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

package io.github.lastcall.grpc.test;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.context.SpringBootContextLoader;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.ContextCustomizerFactory;
import org.springframework.test.context.MergedContextConfiguration;
import org.springframework.util.StringUtils;

/**
 * Starts replicas of an application, each as a context with ports of its own.
 */
final class ReplicaFactory {

	private static final String CLOUD_PLATFORM = "spring.main.cloud-platform=kubernetes";

	private static final String MANAGEMENT_PORT = "management.server.port";

	/**
	 * Those of Spring Boot and Spring that connect a context with the services of a test.
	 */
	private static final Set<String> SERVICE_CONNECTIONS = Set.of("ServiceConnectionContextCustomizerFactory",
			"DynamicPropertiesContextCustomizerFactory");

	private final List<Class<?>> sources = new ArrayList<>();

	private final List<String> properties = new ArrayList<>(List.of(CLOUD_PLATFORM));

	private final List<String> profiles = new ArrayList<>();

	private @Nullable Class<?> testClass;

	ReplicaFactory(Class<?> application) {
		this.sources.add(application);
	}

	void addProperties(List<String> properties) {
		this.properties.addAll(properties);
	}

	void addProfiles(List<String> profiles) {
		this.profiles.addAll(profiles);
	}

	void addSources(List<Class<?>> sources) {
		this.sources.addAll(sources);
	}

	void setTestClass(Class<?> testClass) {
		this.testClass = testClass;
	}

	/**
	 * Starts a replica and waits until it serves.
	 */
	Replica start() {
		SpringApplication application = new SpringApplication(this.sources.toArray(new Class<?>[0]));
		application.setBannerMode(Banner.Mode.OFF);
		application.setRegisterShutdownHook(false);
		application.setAdditionalProfiles(this.profiles.toArray(new String[0]));
		application.setDefaultProperties(Map.of(ServerListening.PROPAGATION_DELAY, "2s"));
		application.addInitializers(this::prepare);
		ConfigurableApplicationContext context = application
			.run(this.properties.stream().map((property) -> "--" + property).toArray(String[]::new));
		Replica replica = new Replica(context);
		replica.awaitServing();
		return replica;
	}

	private void prepare(ConfigurableApplicationContext context) {
		usePortsOfItsOwn(context.getEnvironment());
		context.addBeanFactoryPostProcessor(new TestBeans(context));
		Class<?> testClass = this.testClass;
		if (testClass != null) {
			connectServices(context, testClass);
		}
	}

	private static void usePortsOfItsOwn(ConfigurableEnvironment environment) {
		Map<String, Object> properties = new LinkedHashMap<>();
		ServerListening.RANDOM_PORT.addProperties(environment, properties);
		properties.put("server.port", 0);
		if (StringUtils.hasText(environment.getProperty(MANAGEMENT_PORT))
				&& !"-1".equals(environment.getProperty(MANAGEMENT_PORT))) {
			properties.put(MANAGEMENT_PORT, 0);
		}
		environment.getPropertySources().addFirst(new MapPropertySource(ServerListening.PROPERTY_SOURCE, properties));
	}

	private void connectServices(ConfigurableApplicationContext context, Class<?> testClass) {
		MergedContextConfiguration configuration = new MergedContextConfiguration(testClass, null,
				this.sources.toArray(new Class<?>[0]), null, new SpringBootContextLoader());
		SpringFactoriesLoader.forDefaultResourceLocation()
			.load(ContextCustomizerFactory.class)
			.stream()
			.filter((factory) -> SERVICE_CONNECTIONS.contains(factory.getClass().getSimpleName()))
			.forEach((factory) -> {
				ContextCustomizer customizer = factory.createContextCustomizer(testClass, List.of());
				if (customizer != null) {
					customizer.customizeContext(context, configuration);
				}
			});
	}

}
