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
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.github.lastcall.grpc.server.GrpcService;
import io.grpc.BindableService;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextRefreshedEvent;

/**
 * Logs one warning of services and interceptors that are beans but are not used, because
 * they have no annotation. Logged after the servers have started.
 */
final class UnservedBeans implements ApplicationListener<ContextRefreshedEvent>, AopInfrastructureBean {

	private static final Log logger = LogFactory.getLog(UnservedBeans.class);

	private final ConfigurableListableBeanFactory beanFactory;

	UnservedBeans(ConfigurableListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	@Override
	public void onApplicationEvent(ContextRefreshedEvent event) {
		if (event.getApplicationContext().getAutowireCapableBeanFactory() != this.beanFactory) {
			return;
		}
		List<String> lines = new ArrayList<>();
		services().map("%n    bean '%s' is a BindableService: add @GrpcService to serve it"::formatted)
			.forEach(lines::add);
		interceptors().map(
				"%n    bean '%s' is a ServerInterceptor: add @GlobalServerInterceptor to apply it to all services, or name it in a service's @GrpcService(interceptors = ...)"::formatted)
			.forEach(lines::add);
		if (!lines.isEmpty()) {
			logger.warn("These beans are not used by the gRPC server:" + String.join("", lines));
		}
	}

	/**
	 * Services that a customizer has added to a server are served.
	 */
	private Stream<String> services() {
		List<String> names = names(BindableService.class)
			.filter((name) -> this.beanFactory.findAnnotationOnBean(name, GrpcService.class, false) == null)
			.toList();
		if (names.isEmpty()) {
			return Stream.empty();
		}
		Set<String> served = served();
		// Without added services nothing has to be created and bound to compare names.
		return served.isEmpty() ? names.stream() : names.stream().filter((name) -> !served.contains(service(name)));
	}

	/**
	 * Returns the name of a service, or {@code null} if it cannot be bound: it may be a
	 * mock, or need a scope that is not active.
	 */
	private @Nullable String service(String name) {
		try {
			ServerServiceDefinition definition = this.beanFactory.getBean(name, BindableService.class).bindService();
			return (definition != null) ? definition.getServiceDescriptor().getName() : null;
		}
		catch (RuntimeException ex) {
			return null;
		}
	}

	private Set<String> served() {
		return this.beanFactory.getBeanProvider(GrpcServerDrain.class)
			.stream()
			.map((drain) -> drain.getStatus().server())
			.filter(Objects::nonNull)
			.flatMap((server) -> server.getAddedServices().stream())
			.map((service) -> service.getServiceDescriptor().getName())
			.collect(Collectors.toSet());
	}

	/**
	 * An interceptor that has been injected into another bean, such as a customizer, is
	 * used there.
	 */
	private Stream<String> interceptors() {
		List<Class<? extends ServerInterceptor>> named = Arrays
			.stream(this.beanFactory.getBeanNamesForAnnotation(GrpcService.class))
			.map((name) -> this.beanFactory.findAnnotationOnBean(name, GrpcService.class, false))
			.filter(Objects::nonNull)
			.flatMap((service) -> Arrays.stream(service.interceptors()))
			.toList();
		return names(ServerInterceptor.class)
			.filter((name) -> this.beanFactory.findAnnotationOnBean(name, GlobalServerInterceptor.class, false) == null)
			.filter((name) -> this.beanFactory.getDependentBeans(name).length == 0)
			.filter((name) -> named.stream().noneMatch((type) -> this.beanFactory.isTypeMatch(name, type)));
	}

	/**
	 * Returns the names of beans that are not Last Call's. The proxy of a scoped bean
	 * stands for its target, which has the annotation.
	 */
	private Stream<String> names(Class<?> type) {
		return Arrays.stream(this.beanFactory.getBeanNamesForType(type, true, false))
			.filter((name) -> !ScopedProxyUtils.isScopedTarget(name))
			.filter((name) -> !this.beanFactory.containsBeanDefinition(ScopedProxyUtils.getTargetBeanName(name)))
			.filter((name) -> !this.beanFactory.isTypeMatch(name, AopInfrastructureBean.class));
	}

}
