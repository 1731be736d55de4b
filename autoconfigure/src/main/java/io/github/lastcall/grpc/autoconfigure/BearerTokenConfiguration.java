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

import io.github.lastcall.grpc.security.BearerTokens;
import io.github.lastcall.grpc.security.GrpcSecuredCall;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.security.oauth2.server.resource.autoconfigure.JwkSetUriJwtDecoderBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.security.authentication.AuthenticationEventPublisher;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.AuthenticationManagerResolver;
import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtDecoderInitializationException;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder.JwkSetUriJwtDecoderBuilder;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationConverter;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationProvider;
import org.springframework.security.oauth2.server.resource.authentication.OpaqueTokenAuthenticationProvider;
import org.springframework.security.oauth2.server.resource.introspection.OpaqueTokenAuthenticationConverter;
import org.springframework.security.oauth2.server.resource.introspection.OpaqueTokenIntrospector;

/**
 * Bearer tokens, as the beans of a resource server authenticate them.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass(BearerTokenAuthenticationToken.class)
class BearerTokenConfiguration implements AopInfrastructureBean {

	private static final Log logger = LogFactory.getLog(BearerTokenConfiguration.class);

	/**
	 * After the converters of the application that have an order.
	 */
	@Bean
	@Order(Ordered.LOWEST_PRECEDENCE - 100)
	BearerTokens lastCallBearerTokens(ObjectProvider<AuthenticationManagerResolver<GrpcSecuredCall>> resolvers,
			ObjectProvider<JwtManagers> jwt, ObjectProvider<OpaqueTokenIntrospector> introspectors,
			ObjectProvider<OpaqueTokenAuthenticationConverter> converters,
			ObjectProvider<AuthenticationEventPublisher> events) {
		AuthenticationManagerResolver<GrpcSecuredCall> resolver = resolvers.getIfUnique();
		if (resolver != null) {
			return new BearerTokens(resolver);
		}
		JwtManagers managers = jwt.getIfAvailable();
		AuthenticationManager jwts = (managers != null) ? managers.find() : null;
		AuthenticationManager opaque = opaque(introspectors, converters, events);
		AuthenticationManager manager = either(jwts, opaque);
		return new BearerTokens((manager != null) ? (call) -> manager : null);
	}

	private static @Nullable AuthenticationManager either(@Nullable AuthenticationManager jwts,
			@Nullable AuthenticationManager opaque) {
		if (jwts == null || opaque == null) {
			return (jwts != null) ? jwts : opaque;
		}
		return (token) -> (BearerTokens.isJwt(token) ? jwts : opaque).authenticate(token);
	}

	private static @Nullable AuthenticationManager opaque(ObjectProvider<OpaqueTokenIntrospector> introspectors,
			ObjectProvider<OpaqueTokenAuthenticationConverter> converters,
			ObjectProvider<AuthenticationEventPublisher> events) {
		OpaqueTokenIntrospector introspector = introspectors.getIfUnique();
		if (introspector == null) {
			warnOfSeveral(introspectors, "OpaqueTokenIntrospector");
			return null;
		}
		OpaqueTokenAuthenticationProvider provider = new OpaqueTokenAuthenticationProvider(introspector);
		converters.ifUnique(provider::setAuthenticationConverter);
		return manager(provider, events);
	}

	private static AuthenticationManager manager(AuthenticationProvider provider,
			ObjectProvider<AuthenticationEventPublisher> events) {
		ProviderManager manager = new ProviderManager(List.of(provider));
		events.ifUnique(manager::setAuthenticationEventPublisher);
		return manager;
	}

	private static void warnOfSeveral(ObjectProvider<?> beans, String type) {
		if (beans.stream().findAny().isPresent()) {
			logger.warn("There are several %s beans, so none of them authenticates calls. Mark one as @Primary, or "
				.formatted(type)
					+ "declare an AuthenticationManagerResolver<GrpcSecuredCall> bean that chooses one for each call");
		}
	}

	/**
	 * Finds what authenticates JWTs.
	 */
	@FunctionalInterface
	interface JwtManagers extends AopInfrastructureBean {

		/**
		 * Returns the manager, {@code null} if there is none.
		 */
		@Nullable AuthenticationManager find();

	}

	/**
	 * JSON web tokens.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(JwtDecoder.class)
	static class JwtConfiguration implements AopInfrastructureBean {

		@Bean
		JwtManagers lastCallJwtManagers(ObjectProvider<JwtDecoder> decoders,
				ObjectProvider<JwtAuthenticationConverter> converters,
				ObjectProvider<AuthenticationEventPublisher> events) {
			return () -> {
				JwtDecoder decoder = decoders.getIfUnique();
				if (decoder == null) {
					warnOfSeveral(decoders, "JwtDecoder");
					return null;
				}
				JwtAuthenticationProvider provider = new JwtAuthenticationProvider(decoder);
				converters.ifUnique(provider::setJwtAuthenticationConverter);
				AuthenticationManager manager = manager(provider, events);
				return (token) -> {
					try {
						return manager.authenticate(token);
					}
					catch (JwtDecoderInitializationException ex) {
						// The issuer has not answered yet.
						throw new AuthenticationServiceException(String.valueOf(ex.getMessage()), ex);
					}
				};
			};
		}

	}

	/**
	 * The decoder that Spring Boot makes. An application that customizes its HTTP client
	 * replaces this one.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ JwtDecoder.class, JwkSetUriJwtDecoderBuilderCustomizer.class })
	static class KeySetsConfiguration implements AopInfrastructureBean {

		@Bean
		@Order(Ordered.HIGHEST_PRECEDENCE)
		KeySetsCustomizer lastCallKeySetsCustomizer() {
			return new KeySetsCustomizer();
		}

	}

	static final class KeySetsCustomizer implements JwkSetUriJwtDecoderBuilderCustomizer, AopInfrastructureBean {

		@Override
		public void customize(JwkSetUriJwtDecoderBuilder builder) {
			builder.restOperations(new BearerTokens.KeySets(System::nanoTime));
		}

	}

}
