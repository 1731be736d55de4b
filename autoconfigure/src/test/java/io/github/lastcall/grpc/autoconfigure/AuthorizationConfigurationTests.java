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

import java.util.Optional;

import io.github.lastcall.grpc.actuate.GrpcEndpoint;
import io.github.lastcall.grpc.security.GrpcAuthorization;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.testing.FailureAnalyses;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.RouteGuideConfiguration;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.ServerBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.core.GrantedAuthorityDefaults;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What an application is told of its {@link GrpcAuthorization} beans.
 */
@ExtendWith(OutputCaptureExtension.class)
class AuthorizationConfigurationTests {

	private static final String COUNTS = ", methods: ";

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withUserConfiguration(RouteGuideConfiguration.class);

	@Test
	void theStartupLineCountsMethodsAndTheEndpointListsThem(CapturedOutput output) {
		try (TestApplication app = TestApplication.of(Rules.class)
			.run("management.endpoints.web.exposure.include=grpc")) {
			assertThat(output).contains("reflection on, methods: 2 open, 1 authenticated, 2 by rule; started in");
			GrpcEndpoint.GrpcDescriptor description = app.bean(GrpcEndpoint.class).grpc();
			assertThat(authorization(description, "routeguide.RouteGuide", "GetFeature")).isEqualTo("permitAll()");
			assertThat(authorization(description, "routeguide.RouteGuide", "ListFeatures"))
				.isEqualTo("authenticated()");
			assertThat(authorization(description, "routeguide.RouteGuide", "RouteChat"))
				.isEqualTo("hasAnyRole(\"DRIVER\", \"GUIDE\").eachMessage(...)");
			assertThat(authorization(description, "grpc.health.v1.Health", "Check")).isEqualTo("open");
			assertThat(authorization(description, "grpc.reflection.v1.ServerReflection", "ServerReflectionInfo"))
				.isEqualTo("denyAll()");
		}
	}

	@Test
	void nothingIsCountedWithoutSecurity(CapturedOutput output) {
		this.runner.run((context) -> {
			assertThat(output).contains("reflection on; started in").doesNotContain(COUNTS);
			assertThat(context.getBean(AuthorizationView.class).describe(RouteGuideGrpc.getGetFeatureMethod()))
				.isNull();
		});
	}

	@Test
	void springSecurityCoreIsEnough() {
		this.runner.withClassLoader(new FilteredClassLoader(GrantedAuthorityDefaults.class))
			.withUserConfiguration(Rules.class)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void twoBeansOfRulesFailTheStart() {
		FailureAnalysis analysis = FailureAnalyses.of(this.runner.withUserConfiguration(Rules.class)
			.withBean("more", GrpcAuthorization.class,
					() -> GrpcAuthorization.rules((rules) -> rules.anyOther().denyAll())));
		assertThat(analysis.getDescription())
			.isEqualTo("There are several GrpcAuthorization beans: more, authorization. "
					+ "The first rule that matches decides, so that their order would matter.");
		assertThat(analysis.getAction()).isEqualTo("Keep one of them, and add the rules of the others to it.");
	}

	@Test
	void aServiceThatACustomizerAddsNeedsARule() {
		FailureAnalysis analysis = FailureAnalyses.of(this.runner.withUserConfiguration(AddedService.class)
			.withBean(GrpcAuthorization.class, () -> GrpcAuthorization
				.rules((rules) -> rules.service(RouteGuideGrpc.class).permitAll().reflection().denyAll())));
		assertThat(analysis.getDescription())
			.isEqualTo("No authorization rule decides for these methods, which are served:%n%n    test.Added/Call"
				.formatted());
	}

	@Test
	void aRuleMayBeForAServiceThatACustomizerAdds() {
		this.runner.withUserConfiguration(AddedService.class)
			.withPropertyValues("grpc.server.health.port=0", "grpc.server.in-process.enabled=true")
			.withBean(GrpcAuthorization.class,
					() -> GrpcAuthorization
						.rules((rules) -> rules.method("test.Added/*").denyAll().anyOther().denyAll()))
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void aRuleForNothingFailsTheStart() {
		FailureAnalysis analysis = FailureAnalyses
			.of(this.runner.withBean(GrpcAuthorization.class, () -> GrpcAuthorization
				.rules((rules) -> rules.method("routeguide.RouteGuid/*").permitAll().anyOther().denyAll())));
		assertThat(analysis.getDescription()).contains(
				"method(\"routeguide.RouteGuid/*\").permitAll(): it matches none, did you mean routeguide.RouteGuide/*?");
	}

	@Test
	void rulesOfAParentContextDecideUnlessTheContextHasItsOwn() {
		this.runner.withUserConfiguration(Rules.class)
			.run((parent) -> GrpcServerContextRunner.create()
				.withParent(parent)
				.withUserConfiguration(RouteGuideConfiguration.class)
				.withBean("own", GrpcAuthorization.class,
						() -> GrpcAuthorization.rules((rules) -> rules.anyOther().hasRole("OWN")))
				.run((context) -> {
					assertThat(context).hasNotFailed();
					assertThat(context.getBean(AuthorizationView.class).describe(RouteGuideGrpc.getGetFeatureMethod()))
						.isEqualTo("hasRole(\"OWN\")");
				}));
	}

	private static @Nullable String authorization(GrpcEndpoint.GrpcDescriptor description, String service,
			String method) {
		return Optional.ofNullable(description.services().get(service))
			.map((described) -> described.methods().get(method))
			.map(GrpcEndpoint.MethodDescription::authorization)
			.orElse(null);
	}

	@Configuration(proxyBeanMethods = false)
	static class Rules {

		@Bean
		GrpcAuthorization authorization() {
			return GrpcAuthorization.rules((rules) -> rules.method(RouteGuideGrpc.getGetFeatureMethod())
				.permitAll()
				.method(RouteGuideGrpc.getListFeaturesMethod())
				.authenticated()
				.method(RouteGuideGrpc.getRouteChatMethod())
				.hasAnyRole("DRIVER", "GUIDE")
				.eachMessage((caller, note) -> note.hasLocation())
				.service(RouteGuideGrpc.class)
				.hasRole("DRIVER")
				.reflection()
				.denyAll()
				.anyOther()
				.permitAll());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class AddedService {

		@Bean
		GrpcServerBuilderCustomizer<ServerBuilder<?>> addedService() {
			return (builder) -> builder.addService(new OneMethodService("test.Added"));
		}

	}

}
