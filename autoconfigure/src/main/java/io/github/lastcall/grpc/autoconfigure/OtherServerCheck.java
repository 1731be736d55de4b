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

import java.lang.annotation.Annotation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.GrpcService;
import io.grpc.BindableService;
import io.grpc.ServerInterceptor;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.annotation.AnnotatedBeanDefinition;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.PropertySource;
import org.springframework.core.type.MethodMetadata;
import org.springframework.util.Assert;
import org.springframework.util.ClassUtils;

/**
 * Fails the start if the application relies on another gRPC server: services and
 * interceptors with an annotation of the same name, another server's security, or Spring
 * Boot's own server. Runs before any bean is created, because such beans may depend on
 * beans that do not exist.
 */
final class OtherServerCheck implements BeanFactoryPostProcessor, AopInfrastructureBean {

	private static final Log logger = LogFactory.getLog(OtherServerCheck.class);

	private final ConfigurableEnvironment environment;

	OtherServerCheck(ConfigurableEnvironment environment) {
		this.environment = environment;
	}

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
		ClassLoader classLoader = beanFactory.getBeanClassLoader();
		Assert.state(classLoader != null, "No class loader");
		springBoot(classLoader);
		List<OtherStarter> starters = OtherStarter.all();
		annotations(beanFactory, starters);
		types(beanFactory, classLoader, starters);
	}

	private void springBoot(ClassLoader classLoader) {
		if (!BootServerEnvironmentPostProcessor.isPresent(classLoader)) {
			return;
		}
		boolean enabled = this.environment.getPropertySources()
			.stream()
			.filter((source) -> !source.getName().equals(BootServerEnvironmentPostProcessor.PROPERTY_SOURCE))
			.map(OtherServerCheck::bootServer)
			.filter(Objects::nonNull)
			.findFirst()
			.map((value) -> "true".equalsIgnoreCase(value.toString()))
			.orElse(false);
		if (enabled) {
			throw new GrpcServerStartException(
					"Spring Boot's own gRPC server is enabled in addition to Last Call's. Both would serve the same services.",
					"Remove %s to use Last Call's server, or set grpc.server.enabled to false to use Spring Boot's."
						.formatted(BootServerEnvironmentPostProcessor.PROPERTY),
					List.of(BootServerEnvironmentPostProcessor.PROPERTY), null);
		}
		if (this.environment.getPropertySources().contains(BootServerEnvironmentPostProcessor.PROPERTY_SOURCE)) {
			logger.info(
					"Spring Boot's own gRPC server is disabled (%s=false) in favor of Last Call's. To use Spring Boot's, set grpc.server.enabled to false."
						.formatted(BootServerEnvironmentPostProcessor.PROPERTY));
		}
	}

	private static @Nullable Object bootServer(PropertySource<?> source) {
		return source.getProperty(BootServerEnvironmentPostProcessor.PROPERTY);
	}

	private static void annotations(ConfigurableListableBeanFactory beanFactory, List<OtherStarter> starters) {
		Map<String, OtherStarter.Type> byName = new LinkedHashMap<>();
		types(starters).filter(OtherStarter.Type::isImport)
			.forEach((type) -> byName.putIfAbsent(ClassUtils.getShortName(type.name()), type));
		List<String> found = new ArrayList<>();
		for (Class<?> type : List.of(BindableService.class, ServerInterceptor.class)) {
			for (String name : beanFactory.getBeanNamesForType(type, true, false)) {
				List<MergedAnnotations> annotations = annotationsOf(beanFactory, name);
				if (annotations.stream().noneMatch(OtherServerCheck::areOurs)) {
					annotations.stream()
						.flatMap(MergedAnnotations::stream)
						.map(MergedAnnotation::getType)
						.distinct()
						.forEach((annotation) -> {
							OtherStarter.Type mistaken = byName.get(annotation.getSimpleName());
							if (mistaken != null) {
								found.add("%n    bean '%s' has @%s: import %s instead".formatted(name,
										annotation.getName(), mistaken.instead()));
							}
						});
				}
			}
		}
		if (!found.isEmpty()) {
			throw new GrpcServerStartException(
					"These beans have an annotation of another gRPC starter. Last Call would neither serve such a service nor apply such an interceptor.%n%s"
						.formatted(String.join("", found)),
					"Change the imports as shown, or set grpc.server.enabled to false if another server uses the beans.");
		}
	}

	private static boolean areOurs(MergedAnnotations annotations) {
		return annotations.isPresent(GrpcService.class) || annotations.isPresent(GlobalServerInterceptor.class);
	}

	/**
	 * Returns the annotations of a bean: those of its class, or of its definition if the
	 * class is not known, and those of its method.
	 */
	private static List<MergedAnnotations> annotationsOf(ConfigurableListableBeanFactory beanFactory, String name) {
		List<MergedAnnotations> annotations = new ArrayList<>();
		Class<?> type = beanFactory.getType(name, false);
		if (type != null) {
			annotations.add(MergedAnnotations.from(type, SearchStrategy.TYPE_HIERARCHY));
		}
		if (beanFactory.containsBeanDefinition(name)) {
			if (beanFactory.getBeanDefinition(name) instanceof AnnotatedBeanDefinition definition) {
				MethodMetadata method = definition.getFactoryMethodMetadata();
				annotations.add((method != null) ? method.getAnnotations() : definition.getMetadata().getAnnotations());
			}
		}
		return annotations;
	}

	private static void types(ConfigurableListableBeanFactory beanFactory, ClassLoader classLoader,
			List<OtherStarter> starters) {
		Map<Boolean, List<String>> found = types(starters)
			.flatMap((type) -> Stream.of(names(beanFactory, classLoader, type))
				.map((name) -> Map.entry(type.fails(),
						"%n    bean '%s' %s%s: %s".formatted(name, type.annotation() ? "has @" : "is of type ",
								type.name(), type.advice()))))
			.collect(Collectors.partitioningBy(Map.Entry::getKey,
					Collectors.mapping(Map.Entry::getValue, Collectors.toList())));
		String description = "These beans belong to another gRPC server and are not used by Last Call:";
		if (!found.getOrDefault(true, List.of()).isEmpty()) {
			throw new GrpcServerStartException(
					"%s%n%s".formatted(description, String.join("", found.getOrDefault(true, List.of()))),
					"Replace each of them as described, or set grpc.server.enabled to false if another server uses the beans.");
		}
		if (!found.getOrDefault(false, List.of()).isEmpty()) {
			logger.warn(description + String.join("", found.getOrDefault(false, List.of())));
		}
	}

	private static String[] names(ConfigurableListableBeanFactory beanFactory, ClassLoader classLoader,
			OtherStarter.Type type) {
		if (type.isImport() || !ClassUtils.isPresent(type.name(), classLoader)) {
			return new String[0];
		}
		Class<?> present = ClassUtils.resolveClassName(type.name(), classLoader);
		return type.annotation() ? beanFactory.getBeanNamesForAnnotation(present.asSubclass(Annotation.class))
				: beanFactory.getBeanNamesForType(present, true, false);
	}

	private static Stream<OtherStarter.Type> types(List<OtherStarter> starters) {
		return starters.stream().map(OtherStarter::types).flatMap(List::stream);
	}

}
