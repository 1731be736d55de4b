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

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.GrpcServices;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import org.junit.jupiter.api.Test;

import org.springframework.security.access.hierarchicalroles.RoleHierarchyImpl;
import org.springframework.security.authentication.AnonymousAuthenticationToken;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.authorization.DefaultAuthorizationManagerFactory;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.authority.AuthorityUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * What rules decide, and which of them are mistakes.
 */
class AuthorizationRulesTests {

	private static final Authentication ANONYMOUS = new AnonymousAuthenticationToken("key", "anonymous",
			AuthorityUtils.createAuthorityList("ROLE_ANONYMOUS"));

	private static final ServerServiceDefinition REFLECTION = ((ProtoReflectionServiceV1) ProtoReflectionServiceV1
		.newInstance()).bindService();

	private static final ServerServiceDefinition HEALTH = new HealthGrpc.HealthImplBase() {
	}.bindService();

	private static final ServerServiceDefinition ROUTES = new RouteGuideGrpc.RouteGuideImplBase() {
	}.bindService();

	private final DefaultAuthorizationManagerFactory<GrpcSecuredCall> factory = new DefaultAuthorizationManagerFactory<>();

	private int servers = 1;

	@Test
	void theFirstRuleThatMatchesDecides() {
		AuthorizationRules rules = started((all) -> all.method(RouteGuideGrpc.getGetFeatureMethod())
			.permitAll()
			.method("*.RouteGuide/*Chat")
			.denyAll()
			.service(RouteGuideGrpc.class)
			.hasRole("DRIVER")
			.anyOther()
			.authenticated(), "acme.Admin");
		Authentication driver = caller("ROLE_DRIVER");
		Authentication guest = caller("ROLE_GUEST");
		assertThat(allows(rules, RouteGuideGrpc.getGetFeatureMethod(), ANONYMOUS)).isTrue();
		assertThat(allows(rules, RouteGuideGrpc.getRouteChatMethod(), driver)).isFalse();
		assertThat(allows(rules, RouteGuideGrpc.getRecordRouteMethod(), driver)).isTrue();
		assertThat(allows(rules, RouteGuideGrpc.getRecordRouteMethod(), guest)).isFalse();
		assertThat(allows(rules, OneMethodService.method("acme.Admin"), guest)).isTrue();
		assertThat(allows(rules, OneMethodService.method("acme.Admin"), ANONYMOUS)).isFalse();
	}

	@Test
	void everyPredicateOfSpringSecurity() {
		AuthorizationRules rules = started((all) -> all.method("s.A/Call")
			.hasAnyRole("X", "Y")
			.method("s.B/Call")
			.hasAllRoles("X", "Y")
			.method("s.C/Call")
			.hasAuthority("x")
			.method("s.D/Call")
			.hasAnyAuthority("x", "y")
			.method("s.E/Call")
			.hasAllAuthorities("x", "y")
			.method("s.F/Call")
			.access((caller, call) -> null)
			.anyOther()
			.denyAll(), "s.A", "s.B", "s.C", "s.D", "s.E", "s.F");
		assertThat(allowed(rules, caller("ROLE_X"))).containsExactly("s.A");
		assertThat(allowed(rules, caller("ROLE_X", "ROLE_Y"))).containsExactly("s.A", "s.B");
		assertThat(allowed(rules, caller("x"))).containsExactly("s.C", "s.D");
		assertThat(allowed(rules, caller("y", "x"))).containsExactly("s.C", "s.D", "s.E");
		assertThat(allowed(rules, ANONYMOUS)).isEmpty();
	}

	@Test
	void aManagerSeesTheCall() {
		List<Object> seen = new ArrayList<>();
		AuthorizationRules rules = started((all) -> all.anyOther().access((caller, call) -> {
			seen.add(call.method().getFullMethodName());
			seen.add(caller.get());
			return null;
		}), "acme.Admin");
		assertThat(allows(rules, OneMethodService.method("acme.Admin"), ANONYMOUS)).isFalse();
		assertThat(seen).containsExactly("acme.Admin/Call", ANONYMOUS);
	}

	@Test
	void rolesFollowTheHierarchyAndThePrefixOfTheApplication() {
		this.factory.setRolePrefix("R:");
		this.factory.setRoleHierarchy(RoleHierarchyImpl.withRolePrefix("R:").role("BOSS").implies("DRIVER").build());
		AuthorizationRules rules = started((all) -> all.anyOther().hasRole("DRIVER"), "acme.Admin");
		assertThat(allows(rules, OneMethodService.method("acme.Admin"), caller("R:BOSS"))).isTrue();
		assertThat(allows(rules, OneMethodService.method("acme.Admin"), caller("ROLE_DRIVER"))).isFalse();
	}

	@Test
	void aRoleWithItsPrefixFailsTheStart() {
		GrpcServerStartException ex = failure(() -> started((all) -> all.anyOther().hasRole("ROLE_DRIVER")));
		assertThat(ex).hasMessageStartingWith("The authorization rule anyOther().hasRole(\"ROLE_DRIVER\") is invalid: ")
			.hasMessageContaining("ROLE_DRIVER should not start with ROLE_");
		assertThat(ex.getAction()).isEqualTo("Correct the rule.");
	}

	@Test
	void eachMessageIsDecidedByTheCallerAndTheMessage() {
		AuthorizationRules rules = started((all) -> all.method(RouteGuideGrpc.getRouteChatMethod())
			.permitAll()
			.eachMessage((caller, note) -> note.getMessage().equals(caller.getName()))
			.anyOther()
			.permitAll(), "acme.Admin");
		MethodAuthorization chat = rules.of(RouteGuideGrpc.getRouteChatMethod());
		assertThat(chat.isOpen()).isFalse();
		MethodAuthorization.MessageAuthorization messages = chat.eachMessage();
		assertThat(messages).isNotNull();
		assertThat(messages.authorize(caller("x"), RouteNote.newBuilder().setMessage("alice").build()).isGranted())
			.isTrue();
		assertThat(messages.authorize(caller("x"), RouteNote.newBuilder().setMessage("bob").build()).isGranted())
			.isFalse();
		assertThat(rules.of(OneMethodService.method("acme.Admin")).eachMessage()).isNull();
	}

	@Test
	void healthIsOpenUnlessARuleSaysOtherwise() {
		AuthorizationRules open = started((all) -> all.method("*/*").authenticated().anyOther().denyAll());
		assertThat(open.of(HealthGrpc.getCheckMethod()).isOpen()).isTrue();
		assertThat(allows(open, HealthGrpc.getWatchMethod(), ANONYMOUS)).isTrue();
		AuthorizationRules closed = started((all) -> all.health().authenticated().anyOther().permitAll());
		assertThat(closed.of(HealthGrpc.getCheckMethod()).isOpen()).isFalse();
		assertThat(allows(closed, HealthGrpc.getWatchMethod(), ANONYMOUS)).isFalse();
		assertThat(allows(started((all) -> all.method("grpc.health.v1.Health/Watch").denyAll().anyOther().permitAll()),
				HealthGrpc.getWatchMethod(), ANONYMOUS))
			.isFalse();
		assertThat(allows(started((all) -> all.service(HealthGrpc.class).denyAll().anyOther().permitAll()),
				HealthGrpc.getWatchMethod(), ANONYMOUS))
			.isFalse();
	}

	@Test
	void reflectionAndChannelzFollowTheirOwnRulesAndOtherwiseAnyOther() {
		MethodDescriptor<?, ?> reflection = REFLECTION.getMethods().iterator().next().getMethodDescriptor();
		MethodDescriptor<?, ?> channelz = OneMethodService.method("grpc.channelz.v1.Channelz");
		AuthorizationRules rules = started((all) -> all.method("*/*")
			.denyAll()
			.reflection()
			.permitAll()
			.channelz()
			.authenticated()
			.anyOther()
			.denyAll(), "acme.Admin", "grpc.channelz.v1.Channelz");
		assertThat(allows(rules, reflection, ANONYMOUS)).isTrue();
		assertThat(allows(rules, channelz, ANONYMOUS)).isFalse();
		assertThat(allows(rules, channelz, caller("x"))).isTrue();
		assertThat(allows(rules, OneMethodService.method("acme.Admin"), caller("x"))).isFalse();
		assertThat(allows(started((all) -> all.anyOther().authenticated()), reflection, ANONYMOUS)).isFalse();
		GrpcServerStartException ex = failure(
				() -> started((all) -> all.service(RouteGuideGrpc.class).permitAll().method("*/*").permitAll(), "a.B"));
		assertThat(ex)
			.hasMessage("No authorization rule decides for these methods, which are served:%n%n    ".formatted()
					+ "grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
	}

	@Test
	void rulesOfInfrastructureServicesMayStayIfTheseAreNotServed() {
		AuthorizationRules rules = rules((all) -> all.health()
			.denyAll()
			.reflection()
			.denyAll()
			.channelz()
			.denyAll()
			.service(RouteGuideGrpc.class)
			.permitAll());
		rules.register(new GrpcServices(List.of(), List.of(ROUTES)));
		rules.await(List.of());
		assertThat(allows(rules, RouteGuideGrpc.getRouteChatMethod(), ANONYMOUS)).isTrue();
	}

	@Test
	void aMethodThatIsServedWithoutARuleFailsTheStart() {
		GrpcServerStartException ex = failure(() -> started((all) -> all.method(RouteGuideGrpc.getGetFeatureMethod())
			.permitAll()
			.method("*.RouteGuide/R*")
			.permitAll()
			.reflection()
			.denyAll(), "acme.Admin"));
		assertThat(ex).hasMessage(("No authorization rule decides for these methods, which are served:%n"
				+ "%n    acme.Admin/Call%n    routeguide.RouteGuide/ListFeatures")
			.formatted());
		assertThat(ex.getAction()).isEqualTo("Add rules for them to the GrpcAuthorization bean, or end its rules with "
				+ "anyOther(), such as anyOther().denyAll().");
	}

	@Test
	void aMethodThatACustomizerAddsIsCheckedLikeTheOthers() {
		AuthorizationRules rules = rules((all) -> all.service(RouteGuideGrpc.class).permitAll());
		rules.register(new GrpcServices(List.of(), List.of(ROUTES)));
		assertThat(failure(() -> rules.await(List.of(new OneMethodService("acme.Added").bindService()))))
			.hasMessageEndingWith("%n%n    acme.Added/Call".formatted());
	}

	@Test
	void aRuleThatMatchesNothingFailsTheStartAndNamesWhatMayBeMeant() {
		GrpcServerStartException ex = failure(() -> started((all) -> all.method("acme.Admn/*")
			.denyAll()
			.method("acme.Admin/Cal", "acme.Admin/Call")
			.hasRole("A")
			.method("something.Else/Entirely")
			.denyAll()
			.anyOther()
			.permitAll(), "acme.Admin"));
		assertThat(ex).hasMessage(("These authorization rules decide for no method that is served:%n"
				+ "%n    method(\"acme.Admn/*\").denyAll(): it matches none, did you mean acme.Admin/*?"
				+ "%n    method(\"acme.Admin/Cal\").hasRole(\"A\"): it matches none, did you mean acme.Admin/Call?"
				+ "%n    method(\"something.Else/Entirely\").denyAll(): it matches none")
			.formatted());
		assertThat(ex.getAction()).isEqualTo("Correct or remove each of them in the GrpcAuthorization bean, or move it "
				+ "before the rules that decide instead. The services are acme.Admin, grpc.health.v1.Health, "
				+ "grpc.reflection.v1.ServerReflection, routeguide.RouteGuide.");
	}

	@Test
	void aRuleForWhichEarlierRulesHaveDecidedFailsTheStart() {
		GrpcServerStartException ex = failure(() -> started((all) -> all.service(RouteGuideGrpc.class)
			.permitAll()
			.method(RouteGuideGrpc.getRecordRouteMethod())
			.hasRole("DRIVER")
			.anyOther()
			.denyAll()));
		assertThat(ex).hasMessage(("These authorization rules decide for no method that is served:%n"
				+ "%n    method(\"routeguide.RouteGuide/RecordRoute\").hasRole(\"DRIVER\"): "
				+ "earlier rules decide for all that it matches: service(RouteGuideGrpc.class).permitAll()")
			.formatted());
	}

	@Test
	void aRuleMayBeMeantForAnyOfSeveralServers() {
		this.servers = 2;
		AuthorizationRules rules = rules((all) -> all.service(RouteGuideGrpc.class)
			.permitAll()
			.method("acme.Second/*")
			.permitAll()
			.method("acme.Third/*")
			.permitAll());
		rules.register(new GrpcServices(List.of(), List.of(ROUTES)));
		rules.await(List.of());
		ServerServiceDefinition second = new OneMethodService("acme.Second").bindService();
		assertThat(failure(() -> rules.await(List.of(second)))).hasMessageContaining("method(\"acme.Third/*\")")
			.hasMessageNotContaining("method(\"acme.Second/*\")");
		rules.await(List.of(second, new OneMethodService("acme.Third").bindService()));
	}

	@Test
	void aMethodThatOnlyAFallbackRegistryKnowsIsDeniedUnlessAnyOtherDecides() {
		MethodDescriptor<?, ?> unknown = OneMethodService.method("acme.Unknown");
		AuthorizationRules without = started(
				(all) -> all.service(RouteGuideGrpc.class).permitAll().reflection().permitAll());
		assertThat(allows(without, unknown, caller("ROLE_ADMIN"))).isFalse();
		assertThat(without.of(unknown).description()).isEqualTo("denied, as no rule matches");
		AuthorizationRules with = started((all) -> all.anyOther().authenticated());
		assertThat(allows(with, unknown, caller("x"))).isTrue();
		assertThat(allows(with, unknown, ANONYMOUS)).isFalse();
	}

	@Test
	void methodsAreCountedAndDescribedByWhoMayCall() {
		AuthorizationRules rules = started((all) -> all.method(RouteGuideGrpc.getGetFeatureMethod())
			.permitAll()
			.method(RouteGuideGrpc.getRouteChatMethod())
			.authenticated()
			.eachMessage((caller, note) -> true)
			.method("*/R*")
			.authenticated()
			.anyOther()
			.hasRole("A"), "acme.Admin");
		List<ServerServiceDefinition> services = List.of(ROUTES, new OneMethodService("acme.Admin").bindService());
		assertThat(rules.count(services)).isEqualTo("1 open, 1 authenticated, 3 by rule");
		assertThat(rules.openMethods(services)).containsExactly("routeguide.RouteGuide/GetFeature");
		assertThat(rules.describe(RouteGuideGrpc.getRouteChatMethod())).isEqualTo("authenticated().eachMessage(...)");
		assertThat(rules.describe(RouteGuideGrpc.getListFeaturesMethod())).isEqualTo("hasRole(\"A\")");
		assertThat(rules.describe(HealthGrpc.getCheckMethod())).isEqualTo("open");
	}

	@Test
	void everythingIsOpenWithoutRules() {
		AuthorizationRules rules = new AuthorizationRules(null, this.factory, (services) -> Map.of(), 1);
		rules.register(new GrpcServices(List.of(), List.of(ROUTES)));
		rules.await(List.of());
		assertThat(rules.isEmpty()).isTrue();
		assertThat(rules.of(RouteGuideGrpc.getGetFeatureMethod()).isOpen()).isTrue();
		assertThat(rules.count(List.of(ROUTES))).isEqualTo("4 open, 0 authenticated, 0 by rule");
	}

	private AuthorizationRules rules(Consumer<GrpcAuthorization.Rules> rules) {
		return new AuthorizationRules(GrpcAuthorization.rules(rules), this.factory, (services) -> Map.of(),
				this.servers);
	}

	/**
	 * The rules of a server with the route guide, health, reflection and more services.
	 */
	private AuthorizationRules started(Consumer<GrpcAuthorization.Rules> all, String... more) {
		AuthorizationRules rules = rules(all);
		List<ServerServiceDefinition> services = Stream
			.concat(Stream.of(HEALTH, REFLECTION, ROUTES),
					Stream.of(more).map((name) -> new OneMethodService(name).bindService()))
			.toList();
		rules.register(new GrpcServices(List.of(), services));
		rules.await(List.of());
		return rules;
	}

	private static Authentication caller(String... authorities) {
		return new TestingAuthenticationToken("alice", "secret", authorities);
	}

	private static boolean allows(AuthorizationRules rules, MethodDescriptor<?, ?> method, Authentication caller) {
		return rules.of(method).authorize(() -> caller, new GrpcSecuredCall(method, new Metadata(), null)).isGranted();
	}

	private static List<String> allowed(AuthorizationRules rules, Authentication caller) {
		return Stream.of("s.A", "s.B", "s.C", "s.D", "s.E", "s.F")
			.filter((service) -> allows(rules, OneMethodService.method(service), caller))
			.toList();
	}

	private static GrpcServerStartException failure(Runnable start) {
		GrpcServerStartException ex = catchThrowableOfType(GrpcServerStartException.class, start::run);
		assertThat(ex).as("failure").isNotNull();
		return ex;
	}

}
