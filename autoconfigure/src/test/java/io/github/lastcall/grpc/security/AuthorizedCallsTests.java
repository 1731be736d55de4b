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

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.Echo;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.ServerBuilder;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.access.annotation.Secured;
import org.springframework.security.access.hierarchicalroles.RoleHierarchy;
import org.springframework.security.access.hierarchicalroles.RoleHierarchyImpl;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.authorization.AuthorizationEventPublisher;
import org.springframework.security.authorization.AuthorizationManagerFactory;
import org.springframework.security.authorization.DefaultAuthorizationManagerFactory;
import org.springframework.security.authorization.SpringAuthorizationEventPublisher;
import org.springframework.security.authorization.event.AuthorizationDeniedEvent;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;
import org.springframework.security.config.core.GrantedAuthorityDefaults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Decisions of rules and of annotations about real calls.
 */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class AuthorizedCallsTests {

	private static final Metadata.Key<String> CALLER = Metadata.Key.of("caller", Metadata.ASCII_STRING_MARSHALLER);

	private static final String OPEN = "Anyone may call these gRPC methods without credentials";

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withUserConfiguration(CallerConfiguration.class);

	@Test
	void rulesDecideAboutRealCalls() {
		this.runner.withUserConfiguration(Rules.class).run((context) -> {
			assertThat(context).hasNotFailed();
			try (GrpcClient client = GrpcClient.of(context)) {
				Channel anonymous = client.channel();
				Channel guest = as(client, "bob:ROLE_GUEST");
				Channel driver = as(client, "alice:ROLE_DRIVER");
				assertThat(feature(anonymous)).isEqualTo(Status.Code.OK);
				assertThat(features(anonymous)).isEqualTo(Status.Code.UNAUTHENTICATED);
				assertThat(features(guest)).isEqualTo(Status.Code.PERMISSION_DENIED);
				assertThat(features(driver)).isEqualTo(Status.Code.OK);
				assertThat(HealthGrpc.newBlockingStub(anonymous)
					.check(HealthCheckRequest.getDefaultInstance())
					.getStatusValue()).isNotZero();
				assertThat(reflection(anonymous)).isEqualTo(Status.Code.UNAUTHENTICATED);
				assertThat(reflection(guest)).isEqualTo(Status.Code.OK);
				assertThat(call(anonymous, "test.Added")).isEqualTo(Status.Code.UNAUTHENTICATED);
				assertThat(call(guest, "test.Added")).isEqualTo(Status.Code.OK);
				assertThat(call(driver, "test.Fallback")).isEqualTo(Status.Code.PERMISSION_DENIED);
			}
		});
	}

	@Test
	void anyOtherDecidesAboutAMethodThatOnlyAFallbackRegistryKnows() {
		this.runner.withUserConfiguration(Services.class)
			.withBean(GrpcAuthorization.class,
					() -> GrpcAuthorization.rules((rules) -> rules.anyOther().authenticated()))
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					assertThat(call(client.channel(), "test.Fallback")).isEqualTo(Status.Code.UNAUTHENTICATED);
					assertThat(call(as(client, "bob"), "test.Fallback")).isEqualTo(Status.Code.OK);
				}
			});
	}

	@Test
	void aMessageThatIsDeniedEndsItsStream() {
		List<Object> denied = new CopyOnWriteArrayList<>();
		this.runner.withUserConfiguration(Rules.class)
			.withBean(AuthorizationEventPublisher.class,
					() -> new SpringAuthorizationEventPublisher(
							(event) -> denied.add(((AuthorizationDeniedEvent<?>) event).getObject())))
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					Observer<RouteNote> answers = chat(as(client, "alice:ROLE_DRIVER"), "alice", "alice", "bob",
							"alice");
					assertThat(answers.awaitEnd()).isEqualTo(Status.Code.PERMISSION_DENIED);
					assertThat(context.getBean(Guide.class).messages).containsExactly("alice", "alice");
					assertThat(denied).containsExactly(RouteNote.newBuilder().setMessage("bob").build());
					assertThat(chat(client.channel(), "alice").awaitEnd()).isEqualTo(Status.Code.UNAUTHENTICATED);
				}
			});
	}

	@Test
	void rolesFollowTheHierarchyAndThePrefixOfTheApplication() {
		this.runner.withUserConfiguration(Rules.class)
			.withBean(GrantedAuthorityDefaults.class, () -> new GrantedAuthorityDefaults("R:"))
			.withBean(RoleHierarchy.class,
					() -> RoleHierarchyImpl.withRolePrefix("R:").role("BOSS").implies("DRIVER").build())
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					assertThat(features(as(client, "carol:R:BOSS"))).isEqualTo(Status.Code.OK);
					assertThat(features(as(client, "alice:ROLE_DRIVER"))).isEqualTo(Status.Code.PERMISSION_DENIED);
				}
			});
	}

	@Test
	void aFactoryOfAuthorizationManagersIsUsed() {
		this.runner.withUserConfiguration(Rules.class, FactoryConfiguration.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(features(as(client, "alice:F:DRIVER"))).isEqualTo(Status.Code.OK);
				assertThat(features(as(client, "alice:ROLE_DRIVER"))).isEqualTo(Status.Code.PERMISSION_DENIED);
			}
		});
	}

	@Test
	void annotationsDecideOncePerCall(CapturedOutput output) {
		this.runner.withUserConfiguration(MethodSecurity.class).run((context) -> {
			assertThat(context).hasNotFailed();
			Checks checks = context.getBean(Checks.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				Channel alice = as(client, "alice:ROLE_DRIVER");
				assertThat(feature(client.channel())).isEqualTo(Status.Code.UNAUTHENTICATED);
				assertThat(checks.seen).isEmpty();
				assertThat(feature(as(client, "bob"))).isEqualTo(Status.Code.PERMISSION_DENIED);
				assertThat(feature(alice)).isEqualTo(Status.Code.OK);
				assertThat(checks.seen).containsExactly("latitude 1");
				assertThat(chat(alice, "x", "y", "z").awaitEnd()).isEqualTo(Status.Code.OK);
				assertThat(checks.seen).containsExactly("latitude 1", "stream");
				assertThat(features(as(client, "bob"))).isEqualTo(Status.Code.PERMISSION_DENIED);
				assertThat(features(alice)).isEqualTo(Status.Code.OK);
			}
			assertThat(output).contains("methods: 1 open, 0 authenticated, 3 by rule");
			assertThat(output).contains(OPEN + ", as there is no GrpcAuthorization bean: "
					+ "routeguide.RouteGuide/RecordRoute. Declare one to say who may call, or set "
					+ "grpc.server.security.enabled to false if the server needs no security of its own");
		});
	}

	@Test
	void openMethodsAreOneWarningIfThereAreNoRules(CapturedOutput output) {
		this.runner.withUserConfiguration(Services.class)
			.withPropertyValues("grpc.server.in-process.enabled=true")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				try (GrpcClient client = GrpcClient.of(context)) {
					assertThat(feature(client.channel())).isEqualTo(Status.Code.OK);
				}
			});
		assertThat(output).containsOnlyOnce(OPEN)
			.contains("bean: routeguide.RouteGuide/GetFeature, routeguide.RouteGuide/ListFeatures, "
					+ "routeguide.RouteGuide/RecordRoute, routeguide.RouteGuide/RouteChat, test.Added/Call. ");
	}

	@Test
	void rulesAreNoReasonForTheWarning(CapturedOutput output) {
		this.runner.withUserConfiguration(Rules.class).run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).doesNotContain(OPEN);
	}

	@Test
	void securityThatIsDisabledIsNoReasonForTheWarningButForOneOfRules(CapturedOutput output) {
		this.runner.withUserConfiguration(Rules.class)
			.withPropertyValues("grpc.server.security.enabled=false")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				try (GrpcClient client = GrpcClient.of(context)) {
					assertThat(features(client.channel())).isEqualTo(Status.Code.OK);
				}
			});
		assertThat(output).doesNotContain(OPEN)
			.containsOnlyOnce(
					"The GrpcAuthorization bean 'authorization' has no effect, and anyone may call the methods "
							+ "that it protects: grpc.server.security.enabled is false");
	}

	static Channel as(GrpcClient client, String caller) {
		Metadata headers = new Metadata();
		headers.put(CALLER, caller);
		return ClientInterceptors.intercept(client.channel(), MetadataUtils.newAttachHeadersInterceptor(headers));
	}

	static Status.Code feature(Channel channel) {
		return code(
				() -> RouteGuideGrpc.newBlockingStub(channel).getFeature(Point.newBuilder().setLatitude(1).build()));
	}

	static Status.Code features(Channel channel) {
		return code(() -> RouteGuideGrpc.newBlockingStub(channel)
			.listFeatures(Rectangle.getDefaultInstance())
			.forEachRemaining((feature) -> {
			}));
	}

	private static Status.Code call(Channel channel, String service) {
		return code(() -> OneMethodService.call(channel, service));
	}

	private static Status.Code reflection(Channel channel) {
		Observer<ServerReflectionResponse> answers = new Observer<>();
		StreamObserver<ServerReflectionRequest> requests = ServerReflectionGrpc.newStub(channel)
			.serverReflectionInfo(answers);
		requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
		requests.onCompleted();
		return answers.awaitEnd();
	}

	private static Observer<RouteNote> chat(Channel channel, String... messages) {
		Observer<RouteNote> answers = new Observer<>();
		StreamObserver<RouteNote> requests = RouteGuideGrpc.newStub(channel).routeChat(answers);
		for (String message : messages) {
			requests.onNext(RouteNote.newBuilder().setMessage(message).build());
		}
		requests.onCompleted();
		return answers;
	}

	private static Status.Code code(Runnable call) {
		StatusRuntimeException ex = catchThrowableOfType(StatusRuntimeException.class, call::run);
		return (ex != null) ? ex.getStatus().getCode() : Status.Code.OK;
	}

	/**
	 * Callers are who they say they are: a name, a colon and an authority.
	 */
	@Configuration(proxyBeanMethods = false)
	static class CallerConfiguration {

		@Bean
		GrpcAuthenticationConverter callers() {
			return (call) -> {
				String caller = call.headers().get(CALLER);
				if (caller == null) {
					return null;
				}
				int colon = caller.indexOf(':');
				return (colon < 0) ? new TestingAuthenticationToken(caller, "", List.of())
						: new TestingAuthenticationToken(caller.substring(0, colon), "", caller.substring(colon + 1));
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Services {

		@Bean
		Guide guide() {
			return new Guide();
		}

		@Bean
		GrpcServerBuilderCustomizer<ServerBuilder<?>> more() {
			ServerServiceDefinition unlisted = new OneMethodService("test.Fallback").bindService();
			HandlerRegistry fallback = new HandlerRegistry() {

				@Override
				public @Nullable ServerMethodDefinition<?, ?> lookupMethod(String method, @Nullable String authority) {
					return unlisted.getMethod(method);
				}

			};
			return (builder) -> builder.addService(new OneMethodService("test.Added"))
				.fallbackHandlerRegistry(fallback);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Rules extends Services {

		@Bean
		GrpcAuthorization authorization() {
			return GrpcAuthorization.rules((rules) -> rules.method(RouteGuideGrpc.getGetFeatureMethod())
				.permitAll()
				.method(RouteGuideGrpc.getRouteChatMethod())
				.authenticated()
				.eachMessage((caller, note) -> note.getMessage().equals(caller.getName()))
				.service(RouteGuideGrpc.class)
				.hasRole("DRIVER")
				.method("test.Added/*")
				.authenticated()
				.reflection()
				.authenticated());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FactoryConfiguration {

		@Bean
		AuthorizationManagerFactory<GrpcSecuredCall> factory() {
			DefaultAuthorizationManagerFactory<GrpcSecuredCall> factory = new DefaultAuthorizationManagerFactory<>();
			factory.setRolePrefix("F:");
			return factory;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableMethodSecurity(proxyTargetClass = true, securedEnabled = true)
	static class MethodSecurity {

		@Bean
		AnnotatedGuide guide() {
			return new AnnotatedGuide();
		}

		@Bean
		Checks checks() {
			return new Checks();
		}

	}

	static class Checks {

		final List<String> seen = new CopyOnWriteArrayList<>();

		public boolean note(String what) {
			return this.seen.add(what);
		}

	}

	@GrpcService
	static class AnnotatedGuide extends Guide {

		@Override
		@PreAuthorize("authenticated and hasRole('DRIVER') and @checks.note('latitude ' + #request.latitude)")
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

		@Override
		@Secured("ROLE_DRIVER")
		public void listFeatures(Rectangle request, StreamObserver<Feature> observer) {
			super.listFeatures(request, observer);
		}

		@Override
		@PreAuthorize("hasRole('DRIVER') and @checks.note('stream')")
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> observer) {
			return super.routeChat(observer);
		}

	}

	@GrpcService
	static class Guide extends TestRouteGuide {

		final List<String> messages = new CopyOnWriteArrayList<>();

		@Override
		public void listFeatures(Rectangle request, StreamObserver<Feature> observer) {
			observer.onCompleted();
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> observer) {
			return new Echo(observer) {

				@Override
				public void onNext(RouteNote note) {
					Guide.this.messages.add(note.getMessage());
					super.onNext(note);
				}

			};
		}

	}

}
