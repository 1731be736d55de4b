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

import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.security.AuthenticationThreads;
import io.github.lastcall.grpc.security.BearerTokens;
import io.github.lastcall.grpc.security.CallAuthenticator;
import io.github.lastcall.grpc.security.CallAuthorization;
import io.github.lastcall.grpc.security.CallSecurity;
import io.github.lastcall.grpc.security.CallerContextStrategy;
import io.github.lastcall.grpc.security.GrpcAuthenticationConverter;
import io.github.lastcall.grpc.security.GrpcPeerMapper;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authorization.AuthorizationEventPublisher;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.context.SecurityContextHolderStrategy;
import org.springframework.security.oauth2.server.resource.authentication.AbstractOAuth2TokenAuthenticationToken;

/**
 * Authentication and authorization of calls, if Spring Security is on the classpath.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass(Authentication.class)
@ConditionalOnBooleanProperty(name = "grpc.server.security.enabled", matchIfMissing = true)
@Import(BearerTokenConfiguration.class)
class SecurityConfiguration implements AopInfrastructureBean {

	@Bean
	@ConditionalOnMissingBean(SecurityContextHolderStrategy.class)
	CallerContextStrategy lastCallSecurityContextHolderStrategy() {
		return CallerContextStrategy.install();
	}

	@Bean
	CallAuthenticator lastCallCallAuthenticator(ObjectProvider<GrpcAuthenticationConverter> converters,
			ObjectProvider<GrpcPeerMapper> peers, ObjectProvider<AuthenticationManager> managers) {
		List<GrpcAuthenticationConverter> all = converters.orderedStream().toList();
		boolean replaced = all.stream().anyMatch(SecurityConfiguration::replacesBearerTokens);
		return new CallAuthenticator(all.stream().filter((converter) -> isActive(converter, replaced)).toList(),
				peers.getIfAvailable(), managers::getIfUnique);
	}

	private static boolean replacesBearerTokens(GrpcAuthenticationConverter converter) {
		String challenge = converter.challenge();
		return challenge != null && challenge.regionMatches(true, 0, "Bearer", 0, 6) && !isBearerTokens(converter);
	}

	private static boolean isActive(GrpcAuthenticationConverter converter, boolean replaced) {
		return !isBearerTokens(converter) || (!replaced && ((BearerTokens) converter).isActive());
	}

	private static boolean isBearerTokens(GrpcAuthenticationConverter converter) {
		// By name: the class needs a library that may be missing.
		return converter.getClass().getName().equals("io.github.lastcall.grpc.security.BearerTokens");
	}

	@Bean
	AuthenticationThreads lastCallAuthenticationThreads(ServerExecutor executor) {
		return new AuthenticationThreads(executor.get());
	}

	@Bean
	CallSecurity lastCallCallSecurity(ObjectProvider<CallAuthorization> authorization, CallAuthenticator authenticator,
			AuthenticationThreads threads, ObjectProvider<SecurityContextHolderStrategy> strategies, ServerTimer timer,
			ObjectProvider<AuthorizationEventPublisher> events, ObjectProvider<Expiries> expiries,
			ObjectProvider<Spans> spans) {
		return new CallSecurity(authorization.getIfAvailable(() -> CallAuthorization.OPEN), authenticator, threads,
				strategy(strategies), timer, new CallSecurity.Extensions(events.getIfUnique(),
						expiries.getIfAvailable(), InstantSource.system(), spans.getIfAvailable()));
	}

	static Supplier<SecurityContextHolderStrategy> strategy(ObjectProvider<SecurityContextHolderStrategy> strategies) {
		SecurityContextHolderStrategy strategy = strategies.getIfUnique();
		return (strategy != null) ? () -> strategy : SecurityContextHolder::getContextHolderStrategy;
	}

	@Bean
	Servers lastCallServerSecurity(CallSecurity security) {
		return new Servers(security);
	}

	record Servers(CallSecurity security) implements ServerSecurity, AopInfrastructureBean {

		@Override
		public void register(GrpcServices services) {
			this.security.register(services);
		}

		@Override
		public @Nullable ServerInterceptor interceptor(Refusals refusals) {
			return this.security.isEmpty() ? null : this.security.interceptor(refusals);
		}

		@Override
		public void await(List<ServerServiceDefinition> added) {
			this.security.await(added);
		}

	}

	/**
	 * Streams that end with the token of their caller.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(AbstractOAuth2TokenAuthenticationToken.class)
	@ConditionalOnBooleanProperty("grpc.server.security.end-streams-on-expiry")
	static class ExpiryConfiguration implements AopInfrastructureBean {

		@Bean
		Expiries lastCallTokenExpiries() {
			return (caller) -> (caller instanceof AbstractOAuth2TokenAuthenticationToken<?> authenticated)
					? authenticated.getToken().getExpiresAt() : null;
		}

	}

	/**
	 * Names of callers in spans.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(ObservationRegistry.class)
	@ConditionalOnBooleanProperty("grpc.server.security.principal-in-spans")
	static class SpanConfiguration implements AopInfrastructureBean {

		@Bean
		Spans lastCallCallerSpans() {
			// Micrometer's registries share their scopes.
			ObservationRegistry registry = ObservationRegistry.create();
			return (caller) -> {
				Observation observation = registry.getCurrentObservation();
				if (observation != null) {
					observation.highCardinalityKeyValue("enduser.id", caller.getName());
				}
			};
		}

	}

	/**
	 * Finds out when the credentials of a caller expire.
	 */
	@FunctionalInterface
	interface Expiries extends Function<Authentication, @Nullable Instant>, AopInfrastructureBean {

	}

	/**
	 * Adds a caller to the current span.
	 */
	@FunctionalInterface
	interface Spans extends Consumer<Authentication>, AopInfrastructureBean {

	}

}
