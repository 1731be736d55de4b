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

package io.github.lastcall.grpc.server;

import java.lang.annotation.Annotation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

import io.grpc.BindableService;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.util.Assert;

/**
 * Finds the {@link GrpcService @GrpcService} beans and the interceptors that apply to
 * them, and binds each service once.
 *
 * @hidden
 */
public final class GrpcServiceDiscovery {

	private static final String OF_THE_LIBRARY = " of Last Call";

	private final ConfigurableListableBeanFactory beanFactory;

	private final List<InfrastructureService> infrastructureServices;

	private final List<ServerInterceptor> outermostInterceptors;

	private final ServerInterceptor innermostInterceptor;

	private final Consumer<String> warnings;

	/**
	 * Creates a new discovery.
	 * @param beanFactory where the beans are
	 * @param infrastructureServices the services that the library adds
	 * @param outermostInterceptors the library's own interceptors, outside of all others
	 * and on every service
	 * @param innermostInterceptor the library's own interceptor, inside of all others
	 * @param warnings told of what is not served
	 */
	public GrpcServiceDiscovery(ConfigurableListableBeanFactory beanFactory,
			List<InfrastructureService> infrastructureServices, List<ServerInterceptor> outermostInterceptors,
			ServerInterceptor innermostInterceptor, Consumer<String> warnings) {
		Assert.notNull(beanFactory, "'beanFactory' must not be null");
		this.beanFactory = beanFactory;
		this.infrastructureServices = List.copyOf(infrastructureServices);
		this.outermostInterceptors = List.copyOf(outermostInterceptors);
		this.innermostInterceptor = innermostInterceptor;
		this.warnings = warnings;
	}

	/**
	 * Finds and binds the services.
	 * @throws GrpcServerStartException if an annotated bean is not a service, or two
	 * beans bind the same service
	 */
	public GrpcServices discover() {
		Map<String, String> owners = new HashMap<>();
		List<ServerServiceDefinition> infrastructure = new ArrayList<>();
		List<ServerInterceptor> infrastructureInterceptors = globalInterceptors(
				GlobalServerInterceptor::infrastructure);
		for (InfrastructureService service : this.infrastructureServices) {
			ServerServiceDefinition definition = service.service().bindService();
			claim(owners, definition, service.description() + OF_THE_LIBRARY);
			infrastructure.add(ServerInterceptors.interceptForward(definition, infrastructureInterceptors));
		}
		List<GrpcServices.Registration> application = new ArrayList<>();
		List<String> unbound = new ArrayList<>();
		List<ServerInterceptor> interceptors = globalInterceptors((annotation) -> true);
		annotated(this.beanFactory, GrpcService.class).forEach((beanName, annotation) -> {
			ServerServiceDefinition definition = bind(beanName);
			if (definition == null) {
				unbound.add(beanName);
				return;
			}
			claim(owners, definition, "bean '" + beanName + "'");
			List<ServerInterceptor> all = new ArrayList<>(interceptors);
			all.addAll(serviceInterceptors(annotation));
			all.add(this.innermostInterceptor);
			application.add(new GrpcServices.Registration(beanName, annotation,
					ServerInterceptors.interceptForward(definition, all)));
		});
		GrpcServices services = new GrpcServices(application, infrastructure, unbound);
		ReflectionCheck.check(services.all(), this.warnings);
		return services;
	}

	/**
	 * Annotated beans by name. The proxy of a scoped bean stands for its target, which
	 * alone has the annotation if that is on a {@code @Bean} method.
	 */
	private static <A extends Annotation> Map<String, A> annotated(ConfigurableListableBeanFactory beanFactory,
			Class<A> type) {
		Map<String, A> annotations = new LinkedHashMap<>();
		for (String name : beanFactory.getBeanNamesForAnnotation(type)) {
			A annotation = beanFactory.findAnnotationOnBean(name, type);
			if (annotation != null) {
				boolean target = ScopedProxyUtils.isScopedTarget(name);
				annotations.putIfAbsent(target ? ScopedProxyUtils.getOriginalBeanName(name) : name, annotation);
			}
		}
		return annotations;
	}

	private @Nullable ServerServiceDefinition bind(String beanName) {
		BindableService service = serviceBean(beanName);
		if (!this.beanFactory.isSingleton(beanName)) {
			throw new GrpcServerStartException(
					"Bean '%s' is annotated with @GrpcService, but is not a singleton: a server binds it once and keeps that instance."
						.formatted(beanName),
					"Remove its @Scope, or add a scoped proxy that calls go through (proxyMode = ScopedProxyMode.TARGET_CLASS).");
		}
		ServerServiceDefinition definition = new ServiceBinding(beanName, service).bind();
		if (definition == null) {
			this.warnings.accept(("The @GrpcService bean '%s' is not served: its bindService() returns null. "
					+ "If it is a mock (@MockitoBean), use a spy (@MockitoSpyBean) to serve it")
				.formatted(beanName));
		}
		return definition;
	}

	private BindableService serviceBean(String beanName) {
		Object bean = this.beanFactory.getBean(beanName);
		if (bean instanceof BindableService service) {
			return service;
		}
		throw new GrpcServerStartException(
				"Bean '%s' is annotated with @GrpcService, but its type %s is not an io.grpc.BindableService."
					.formatted(beanName, bean.getClass().getName()),
				"Extend the generated ...ImplBase class of its service, or remove the annotation. "
						+ "If the bean has a JDK proxy, use a class-based proxy " + "(proxyTargetClass = true).");
	}

	private void claim(Map<String, String> owners, ServerServiceDefinition definition, String owner) {
		String name = definition.getServiceDescriptor().getName();
		String other = owners.putIfAbsent(name, owner);
		if (other != null) {
			throw new GrpcServerStartException(
					"The gRPC service '%s' is bound twice: by %s and by %s.".formatted(name, other, owner),
					other.endsWith(OF_THE_LIBRARY)
							? "Remove @GrpcService from the bean, or disable Last Call's own service: "
									+ "set grpc.server.health.enabled or grpc.server.reflection.enabled to false."
							: "Keep one of them: a server can serve a service only once. "
									+ "Remove @GrpcService from the other, or make one of the beans conditional.");
		}
	}

	private List<ServerInterceptor> globalInterceptors(Predicate<GlobalServerInterceptor> filter) {
		Set<Object> annotated = Collections.newSetFromMap(new IdentityHashMap<>());
		// Those of parent contexts too: one of them may be the authentication.
		for (BeanFactory next = this.beanFactory; next instanceof ConfigurableListableBeanFactory beanFactory;) {
			collectGlobalInterceptors(beanFactory, filter, annotated);
			next = beanFactory.getParentBeanFactory();
		}
		List<ServerInterceptor> interceptors = new ArrayList<>(this.outermostInterceptors);
		this.beanFactory.getBeanProvider(ServerInterceptor.class)
			.orderedStream()
			.filter(annotated::contains)
			.forEach(interceptors::add);
		return interceptors;
	}

	private static void collectGlobalInterceptors(ConfigurableListableBeanFactory beanFactory,
			Predicate<GlobalServerInterceptor> filter, Set<Object> interceptors) {
		annotated(beanFactory, GlobalServerInterceptor.class).forEach((name, annotation) -> {
			Object bean = beanFactory.getBean(name);
			if (!(bean instanceof ServerInterceptor)) {
				throw new GrpcServerStartException(
						"Bean '%s' is annotated with @GlobalServerInterceptor, but its type %s is not an io.grpc.ServerInterceptor."
							.formatted(name, bean.getClass().getName()),
						"Implement io.grpc.ServerInterceptor, or remove the annotation.");
			}
			if (!beanFactory.isSingleton(name)) {
				throw new GrpcServerStartException(
						"Bean '%s' is annotated with @GlobalServerInterceptor, but is not a singleton: one interceptor handles all calls."
							.formatted(name),
						"Remove its @Scope, or add a scoped proxy (proxyMode = ScopedProxyMode.TARGET_CLASS).");
			}
			if (filter.test(annotation)) {
				interceptors.add(bean);
			}
		});
	}

	private List<ServerInterceptor> serviceInterceptors(GrpcService annotation) {
		List<ServerInterceptor> interceptors = new ArrayList<>();
		for (Class<? extends ServerInterceptor> type : annotation.interceptors()) {
			ServerInterceptor interceptor = this.beanFactory.getBeanProvider(type).getIfAvailable();
			interceptors.add((interceptor != null) ? interceptor : this.beanFactory.createBean(type));
		}
		return interceptors;
	}

}
