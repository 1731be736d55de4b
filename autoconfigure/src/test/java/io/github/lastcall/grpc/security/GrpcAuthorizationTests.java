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

package io.github.lastcall.grpc.security;

import java.util.function.Consumer;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.MethodDescriptor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * How the rules of a {@link GrpcAuthorization} are written.
 */
class GrpcAuthorizationTests {

	@Test
	void aRuleIsShownAsItIsWritten() {
		GrpcAuthorization authorization = GrpcAuthorization
			.rules((rules) -> rules.method(RouteGuideGrpc.getRecordRouteMethod())
				.hasRole("DRIVER")
				.service(RouteGuideGrpc.class)
				.hasAnyAuthority("SCOPE_routes", "SCOPE_all")
				.method("acme.Admin/*", "acme.*/Get*")
				.access((caller, call) -> null)
				.method(RouteGuideGrpc.getRouteChatMethod())
				.authenticated()
				.eachMessage((caller, note) -> note.hasLocation())
				.health()
				.permitAll()
				.reflection()
				.hasAnyRole("A", "B")
				.channelz()
				.hasAllRoles("A", "B")
				.method("a/b")
				.hasAllAuthorities("c")
				.method("a/c")
				.hasAuthority("d")
				.anyOther()
				.denyAll());
		assertThat(authorization.rules()).extracting(Object::toString)
			.containsExactly("method(\"routeguide.RouteGuide/RecordRoute\").hasRole(\"DRIVER\")",
					"service(RouteGuideGrpc.class).hasAnyAuthority(\"SCOPE_routes\", \"SCOPE_all\")",
					"method(\"acme.Admin/*\").access(...)", "method(\"acme.*/Get*\").access(...)",
					"method(\"routeguide.RouteGuide/RouteChat\").authenticated().eachMessage(...)",
					"health().permitAll()", "reflection().hasAnyRole(\"A\", \"B\")",
					"channelz().hasAllRoles(\"A\", \"B\")", "method(\"a/b\").hasAllAuthorities(\"c\")",
					"method(\"a/c\").hasAuthority(\"d\")", "anyOther().denyAll()");
	}

	@Test
	void noRuleFollowsAnyOther() {
		GrpcServerStartException ex = failure(
				(rules) -> rules.anyOther().denyAll().service(RouteGuideGrpc.class).permitAll());
		assertThat(ex).hasMessage("The authorization rule service(RouteGuideGrpc.class) follows anyOther(), "
				+ "which decides for every method that is left.");
		assertThat(ex.getAction()).isEqualTo("Move anyOther() to the end of the rules.");
	}

	@Test
	void aRuleMustSayWhoMayCall() {
		GrpcServerStartException ex = failure((rules) -> rules.method("a/b", "a/c"));
		assertThat(ex).hasMessage("The authorization rule method(\"a/b\"), method(\"a/c\") does not say who may call.");
		assertThat(ex.getAction())
			.isEqualTo("End it with permitAll(), authenticated(), hasRole(...), denyAll() or the like.");
		assertThat(failure((rules) -> {
			rules.method("a/b");
			rules.anyOther().denyAll();
		})).hasMessage("The authorization rule method(\"a/b\") does not say who may call.");
	}

	@Test
	void aRuleMustNameAMethod() {
		GrpcServerStartException ex = failure((rules) -> rules.method(new String[0]).denyAll());
		assertThat(ex).hasMessage("An authorization rule names no method.");
		assertThat(ex.getAction()).isEqualTo("Name at least one method, pattern or service in it.");
		assertThat(failure((rules) -> rules.method(new MethodDescriptor<?, ?>[0]).denyAll()))
			.hasMessage("An authorization rule names no method.");
		assertThat(failure((rules) -> rules.service().denyAll())).hasMessage("An authorization rule names no method.");
	}

	@ParameterizedTest
	@ValueSource(strings = { "acme.Admin", "/Get", "acme.Admin/", "acme/Admin/Get", "", "*" })
	void aPatternHasAServiceAndAMethod(String pattern) {
		GrpcServerStartException ex = failure((rules) -> rules.method(pattern).denyAll());
		assertThat(ex).hasMessage("The authorization rule method(\"%s\") does not name a method.".formatted(pattern));
		assertThat(ex.getAction()).isEqualTo("Write the service, a slash and the method, such as acme.Admin/Delete, "
				+ "or acme.Admin/* for all methods.");
	}

	@Test
	void aServiceIsNamedByItsGeneratedClass() {
		GrpcServerStartException ex = failure((rules) -> rules.service(WithInstanceMethod.class).denyAll());
		assertThat(ex).hasMessage(("The authorization rule service(WithInstanceMethod.class) does not name a service: "
				+ "%s has no static method getServiceDescriptor().")
			.formatted(WithInstanceMethod.class.getName()));
		assertThat(ex.getAction()).isEqualTo(
				"Name the class that grpc-java's generator creates for the service, such as RouteGuideGrpc.class.");
		assertThatExceptionOfType(GrpcServerStartException.class)
			.isThrownBy(() -> GrpcAuthorization.rules((rules) -> rules.service(String.class).denyAll()));
	}

	@Test
	void aPredicateNeedsNames() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> GrpcAuthorization.rules((rules) -> rules.anyOther().hasAnyRole()));
	}

	@Test
	void aRuleIsDecidedOnce() {
		assertThatIllegalStateException().isThrownBy(() -> GrpcAuthorization.rules((rules) -> {
			GrpcAuthorization.Rule<Object> rule = rules.method("a/b");
			rule.permitAll();
			rule.denyAll();
		}));
	}

	private static GrpcServerStartException failure(Consumer<GrpcAuthorization.Rules> rules) {
		GrpcServerStartException ex = catchThrowableOfType(GrpcServerStartException.class,
				() -> GrpcAuthorization.rules(rules));
		assertThat(ex).as("failure").isNotNull();
		return ex;
	}

	static final class WithInstanceMethod {

		io.grpc.ServiceDescriptor getServiceDescriptor() {
			return RouteGuideGrpc.getServiceDescriptor();
		}

	}

}
