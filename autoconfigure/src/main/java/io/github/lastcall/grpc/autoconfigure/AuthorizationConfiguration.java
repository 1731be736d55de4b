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

import java.util.Collection;
import java.util.List;

import io.github.lastcall.grpc.security.AuthorizationRules;
import io.github.lastcall.grpc.security.CallSecurity;
import io.github.lastcall.grpc.security.GrpcAuthorization;
import io.github.lastcall.grpc.security.GrpcSecuredCall;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.ResolvableType;
import org.springframework.core.env.Environment;
import org.springframework.security.access.hierarchicalroles.RoleHierarchy;
import org.springframework.security.authorization.AuthorizationManagerFactory;
import org.springframework.security.authorization.DefaultAuthorizationManagerFactory;
import org.springframework.security.config.core.GrantedAuthorityDefaults;

/**
 * The rules of a {@link GrpcAuthorization}, with the roles as Spring Security has them
 * for HTTP.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass(AuthorizationManagerFactory.class)
class AuthorizationConfiguration implements AopInfrastructureBean {

	private static final String ENABLED = "grpc.server.security.enabled";

	private static final Log logger = LogFactory.getLog(AuthorizationConfiguration.class);

	@Bean
	AuthorizationRules lastCallAuthorizationRules(ConfigurableListableBeanFactory beanFactory, Environment environment,
			GrpcServers servers, ObjectProvider<RoleHierarchy> hierarchies, ObjectProvider<RolePrefix> prefixes) {
		String name = beanName(beanFactory);
		if (name != null && !environment.getProperty(ENABLED, Boolean.class, true)) {
			logger.warn(
					("The GrpcAuthorization bean '%s' has no effect, and anyone may call the methods that it protects: "
							+ "%s is false")
						.formatted(name, ENABLED));
			name = null;
		}
		return new AuthorizationRules((name != null) ? beanFactory.getBean(name, GrpcAuthorization.class) : null,
				factory(beanFactory, hierarchies, prefixes), new MethodSecurityCheck(beanFactory)::check,
				servers.drains().size());
	}

	@Bean
	View lastCallAuthorizationView(AuthorizationRules rules, ObjectProvider<CallSecurity> security) {
		return new View(rules, security);
	}

	@Bean
	OpenMethodsLog lastCallOpenMethodsLog(ApplicationContext context, View view) {
		return new OpenMethodsLog(context, view);
	}

	/**
	 * Finds the rules of the application: those of the nearest context that has any.
	 */
	private static @Nullable String beanName(ConfigurableListableBeanFactory beanFactory) {
		for (BeanFactory next = beanFactory; next instanceof ListableBeanFactory listable;) {
			List<String> names = List.of(listable.getBeanNamesForType(GrpcAuthorization.class));
			if (names.size() > 1) {
				throw new GrpcServerStartException(
						"There are several GrpcAuthorization beans: %s. The first rule that matches decides, so that their order would matter."
							.formatted(String.join(", ", names)),
						"Keep one of them, and add the rules of the others to it.");
			}
			if (!names.isEmpty()) {
				return names.get(0);
			}
			next = (listable instanceof ConfigurableListableBeanFactory configurable)
					? configurable.getParentBeanFactory() : null;
		}
		return null;
	}

	@SuppressWarnings("unchecked")
	private static AuthorizationManagerFactory<GrpcSecuredCall> factory(ListableBeanFactory beanFactory,
			ObjectProvider<RoleHierarchy> hierarchies, ObjectProvider<RolePrefix> prefixes) {
		for (Class<?> type : List.of(GrpcSecuredCall.class, Object.class)) {
			Object factory = beanFactory
				.getBeanProvider(ResolvableType.forClassWithGenerics(AuthorizationManagerFactory.class, type))
				.getIfAvailable();
			if (factory != null) {
				return (AuthorizationManagerFactory<GrpcSecuredCall>) factory;
			}
		}
		DefaultAuthorizationManagerFactory<GrpcSecuredCall> factory = new DefaultAuthorizationManagerFactory<>();
		hierarchies.ifAvailable(factory::setRoleHierarchy);
		prefixes.ifAvailable((prefix) -> factory.setRolePrefix(prefix.value()));
		return factory;
	}

	/**
	 * View of the rules of an application whose calls are secured.
	 */
	record View(AuthorizationRules rules,
			ObjectProvider<CallSecurity> security) implements AuthorizationView, AopInfrastructureBean {

		private boolean isSecured() {
			CallSecurity security = this.security.getIfAvailable();
			return security != null && !security.isEmpty();
		}

		@Override
		public @Nullable String describe(MethodDescriptor<?, ?> method) {
			return isSecured() ? this.rules.describe(method) : null;
		}

		@Override
		public @Nullable String count(Collection<ServerServiceDefinition> services) {
			return isSecured() ? this.rules.count(services) : null;
		}

		@Override
		public List<String> openByOmission(Collection<ServerServiceDefinition> services) {
			CallSecurity security = this.security.getIfAvailable();
			return (security != null && security.authenticates() && !this.rules.hasRules())
					? this.rules.openMethods(services) : List.of();
		}

	}

	/**
	 * Prefix of the authorities that are roles.
	 */
	record RolePrefix(String value) implements AopInfrastructureBean {

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(GrantedAuthorityDefaults.class)
	static class RolePrefixConfiguration implements AopInfrastructureBean {

		@Bean
		RolePrefix lastCallRolePrefix(ObjectProvider<GrantedAuthorityDefaults> defaults) {
			GrantedAuthorityDefaults configured = defaults.getIfAvailable();
			return new RolePrefix((configured != null) ? configured.getRolePrefix() : "ROLE_");
		}

	}

}
