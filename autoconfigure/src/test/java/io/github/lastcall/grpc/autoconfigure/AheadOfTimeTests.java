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

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

import io.github.lastcall.grpc.actuate.GrpcEndpoint;
import io.github.lastcall.grpc.health.v1.HealthCheckResponse;
import io.github.lastcall.grpc.lifecycle.EnvoyHealthHeader;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.ResponseCompression;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.TestAuthority;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.inprocess.InProcessChannelBuilder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.aot.hint.BindingReflectionHintsRegistrar;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.aot.test.generate.TestGenerationContext;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.autoconfigure.context.LifecycleAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.test.tools.CompileWithForkedClassLoader;
import org.springframework.core.test.tools.TestCompiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * An application that is processed ahead of time with nothing configured, and started
 * with what a deployment sets.
 */
@ExtendWith(OutputCaptureExtension.class)
@CompileWithForkedClassLoader
@Tag("full")
class AheadOfTimeTests {

	@Test
	void whatIsSetAtRunTimeTakesEffect(@TempDir Path directory, CapturedOutput output) {
		Path socket = directory.resolve("grpc.sock");
		run((context) -> {
			assertThat(context.getBeanNamesForType(ResponseCompression.class)).isNotEmpty();
			assertThat(context.getBeanNamesForType(EnvoyHealthHeader.class)).isNotEmpty();
			assertThat(output).contains("reflection off").doesNotContain("reflection on");
			assertThat(Files.exists(socket)).isTrue();
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(client.featureName()).isNotEmpty();
			}
			int healthPort = context.getEnvironment().getRequiredProperty("local.grpc.health.port", Integer.class);
			try (GrpcClient probe = GrpcClient.of(healthPort)) {
				assertThat(probe.health().check(HealthCheckRequest.getDefaultInstance())).isNotNull();
				assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(probe::featureName)
					.matches((ex) -> ex.getStatus().getCode() == Status.Code.UNIMPLEMENTED);
			}
			ManagedChannel channel = InProcessChannelBuilder.forName("processed").build();
			assertThat(HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance())).isNotNull();
			channel.shutdownNow();
		}, "grpc.server.reflection.enabled=false", "grpc.server.unix-domain-socket.path=" + socket,
				"grpc.server.health.port=0", "grpc.server.compression.responses=gzip",
				"grpc.server.shutdown.envoy-header=true", "grpc.server.in-process.name=processed");
	}

	@Test
	void anSslBundleThatIsSetAtRunTimeIsUsed(@TempDir Path directory) throws Exception {
		TestAuthority authority = new TestAuthority("authority");
		authority.write(directory, authority.server("server"));
		run((context) -> {
			try (GrpcClient client = authority.connect(GrpcClient.port(context), null)) {
				assertThat(client.featureName()).isNotEmpty();
			}
			try (GrpcClient plaintext = GrpcClient.of(context)) {
				assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(plaintext::featureName);
			}
		}, TestAuthority.properties(directory, "grpc.server.ssl.bundle=server"));
	}

	@Test
	void anSslBundleThatDoesNotExistIsAnAnalysis() {
		assertThatExceptionOfType(GrpcServerStartException.class).isThrownBy(() -> run((context) -> {
		}, "grpc.server.ssl.bundle=missing")).withMessageContaining("missing");
	}

	@Test
	void aServerThatIsSwitchedOffAtRunTimeIsAnAnalysis() {
		assertThatExceptionOfType(GrpcServerStartException.class).isThrownBy(() -> run((context) -> {
		}, "grpc.server.enabled=false"))
			.withMessage(
					"grpc.server.enabled is false, but the application was processed ahead of time with the gRPC server.");
	}

	@Test
	void aServerThatIsSwitchedOnAtRunTimeIsAnAnalysis() {
		assertThatExceptionOfType(GrpcServerStartException.class)
			.isThrownBy(() -> run(process("grpc.server.enabled=false"), (context) -> {
			}, "grpc.server.enabled=true"))
			.withMessage(
					"grpc.server.enabled is true, but the application was processed ahead of time without the gRPC server.");
	}

	@Test
	void aServerThatIsSwitchedOffInBothIsNotMissed() {
		run(process("grpc.server.enabled=false"),
				(context) -> assertThat(context.getBeanNamesForType(GrpcServerDrain.class)).isEmpty(),
				"grpc.server.enabled=false");
	}

	@Test
	void theEndpointNeedsNoHintsForProtobuf() {
		RuntimeHints hints = new RuntimeHints();
		new BindingReflectionHintsRegistrar().registerReflectionHints(hints.reflection(),
				GrpcEndpoint.GrpcDescriptor.class);
		assertThat(hints.reflection().typeHints()).isNotEmpty()
			.noneMatch((hint) -> hint.getType().getName().startsWith("com.google.")
					|| hint.getType().getName().startsWith("io.grpc."));
	}

	@Test
	void thereAreHintsForInterceptorsAndForTheMessagesOfHealth() {
		TestGenerationContext generated = process();
		assertThat(RuntimeHintsPredicates.reflection()
			.onType(CreatedInterceptor.class)
			.withMemberCategory(MemberCategory.INVOKE_DECLARED_CONSTRUCTORS)).accepts(generated.getRuntimeHints());
		assertThat(RuntimeHintsPredicates.reflection()
			.onType(HealthCheckResponse.class)
			.withMemberCategory(MemberCategory.INVOKE_PUBLIC_METHODS)).accepts(generated.getRuntimeHints());
		assertThat(
				RuntimeHintsPredicates.reflection().onType(io.grpc.health.v1.HealthCheckResponse.ServingStatus.class))
			.rejects(generated.getRuntimeHints());
	}

	private static TestGenerationContext process(String... properties) {
		AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
		context.register(Application.class);
		configure(context.getEnvironment(), properties);
		TestGenerationContext generated = new TestGenerationContext();
		new ApplicationContextAotGenerator().processAheadOfTime(context, generated);
		generated.writeGeneratedContent();
		return generated;
	}

	private static void run(Consumer<ConfigurableApplicationContext> test, String... properties) {
		run(process(), test, properties);
	}

	@SuppressWarnings("unchecked")
	private static void run(TestGenerationContext processed, Consumer<ConfigurableApplicationContext> test,
			String... properties) {
		TestCompiler.forSystem().with(processed).compile((compiled) -> {
			try (GenericApplicationContext context = new GenericApplicationContext()) {
				configure(context.getEnvironment(), properties);
				compiled.getInstance(ApplicationContextInitializer.class).initialize(context);
				context.refresh();
				test.accept(context);
			}
		});
	}

	private static void configure(ConfigurableEnvironment environment, String... properties) {
		Map<String, Object> values = new HashMap<>(Map.of("grpc.server.port", "0", "grpc.server.address", "127.0.0.1"));
		for (String property : properties) {
			values.put(property.substring(0, property.indexOf('=')), property.substring(property.indexOf('=') + 1));
		}
		environment.getPropertySources().addFirst(new MapPropertySource("test", values));
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ ApplicationAvailabilityAutoConfiguration.class, LifecycleAutoConfiguration.class,
			SslAutoConfiguration.class, GrpcServerAutoConfiguration.class, GrpcServerDisabledAutoConfiguration.class })
	@Import(RouteGuide.class)
	static class Application {

	}

	@GrpcService(interceptors = CreatedInterceptor.class)
	static class RouteGuide extends TestRouteGuide {

	}

	static class CreatedInterceptor implements ServerInterceptor {

		@Override
		public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
				ServerCallHandler<Q, R> next) {
			return next.startCall(call, headers);
		}

	}

}
