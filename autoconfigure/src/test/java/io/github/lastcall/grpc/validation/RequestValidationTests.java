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
package io.github.lastcall.grpc.validation;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import build.buf.protovalidate.ValidationResult;
import build.buf.protovalidate.Validator;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import com.google.rpc.ErrorInfo;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.FailureAnalyses;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.RouteGuideConfiguration;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.Point;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

/**
 * Requests that break the rules of their {@code .proto} file, or those of a
 * {@link GrpcValidator}.
 */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class RequestValidationTests {

	private static final String SERVICE = "test.Orders";

	@ParameterizedTest
	@EnumSource(value = MethodType.class, names = { "UNARY", "SERVER_STREAMING", "CLIENT_STREAMING", "BIDI_STREAMING" })
	void anInvalidRequestNeverReachesItsHandler(MethodType type) {
		run(runner(OrdersConfiguration.class), (context, client) -> {
			StatusRuntimeException ex = failure(client, type, Orders.nameless(11, 4));
			assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
			assertThat(ex.getStatus().getDescription())
				.isEqualTo("quantity: must be greater than or equal to 1 and less than or equal to 10 (and 1 more)");
			assertThat(detail(ex, BadRequest.class).getFieldViolationsList())
				.extracting(FieldViolation::getField, FieldViolation::getReason)
				.containsExactly(tuple("quantity", "int32.gte_lte"), tuple("items[3].name", "string.min_len"));
			assertThat(orders(context).seen).isEmpty();
		});
	}

	@ParameterizedTest
	@EnumSource(value = MethodType.class, names = { "UNARY", "SERVER_STREAMING", "CLIENT_STREAMING", "BIDI_STREAMING" })
	void aValidRequestReachesItsHandler(MethodType type) {
		run(runner(OrdersConfiguration.class), (context, client) -> {
			assertThat(call(client, type, Orders.order(10))).isNotEmpty();
			assertThat(orders(context).seen).hasSize(1);
		});
	}

	@ParameterizedTest
	@EnumSource(value = MethodType.class, names = { "CLIENT_STREAMING", "BIDI_STREAMING" })
	void theFirstInvalidMessageEndsItsStreamAndTheHandlerIsToldOfACancellation(MethodType type) {
		run(runner(OrdersConfiguration.class), (context, client) -> {
			StatusRuntimeException ex = failure(client, type, Orders.order(1), Orders.order(2), Orders.order(0),
					Orders.order(3));
			assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
			ErrorInfo info = detail(ex, ErrorInfo.class);
			assertThat(info.getReason()).isEqualTo("INVALID_REQUEST");
			assertThat(info.getDomain()).isEqualTo(SERVICE);
			assertThat(info.getMetadataMap()).containsEntry("message", "2");
			assertThat(orders(context).seen).extracting(Orders::quantity).containsExactly(1, 2);
			await().untilAsserted(() -> assertThat(orders(context).cancelled).hasSize(1));
			assertThat(Status.fromThrowable(orders(context).cancelled.get(0)).getCode())
				.isEqualTo(Status.Code.CANCELLED);
		});
	}

	@Test
	@TestsProperty("grpc.server.validation.mode")
	void aTeamThatIntroducesRulesIsWarnedOfRequestsThatAreServed(CapturedOutput output) {
		run(runner(OrdersConfiguration.class).withPropertyValues("grpc.server.validation.mode=warn"),
				(context, client) -> {
					assertThat(call(client, MethodType.UNARY, Orders.order(0))).isNotEmpty();
					assertThat(orders(context).seen).hasSize(1);
					assertThat(output)
						.contains("A request of test.Orders/UNARY is invalid and was let pass, as validation only "
								+ "warns: [quantity: must be greater than or equal to 1");
					assertThat(violations(context, "warn")).isOne();
				});
	}

	@Test
	void aServiceCanSayWhatHappensToItsInvalidRequests() {
		run(runner(OrdersConfiguration.class, SettingsConfiguration.class)
			.withPropertyValues("grpc.server.validation.mode=warn"), (context, client) -> {
				assertThat(failure(client, "test.Enforced", MethodType.UNARY, Orders.order(0)).getStatus().getCode())
					.isEqualTo(Status.Code.INVALID_ARGUMENT);
				assertThat(call(client, "test.Off", MethodType.UNARY, Orders.order(0))).isNotEmpty();
				assertThat(violations(context, "warn")).isZero();
			});
	}

	@Test
	void aMeterCountsTheViolationsOfEachMethod() {
		run(runner(OrdersConfiguration.class), (context, client) -> {
			failure(client, MethodType.UNARY, Orders.nameless(11, 1));
			failure(client, MethodType.UNARY, Orders.order(0));
			assertThat(violations(context, "enforce")).isEqualTo(3);
		});
	}

	@Test
	@TestsProperty("grpc.server.validation.enabled")
	void validationCanBeSwitchedOff() {
		run(runner(OrdersConfiguration.class, BrokenConfiguration.class)
			.withPropertyValues("grpc.server.validation.enabled=false"),
				(context, client) -> assertThat(call(client, MethodType.UNARY, Orders.order(0))).isNotEmpty());
	}

	@Test
	void aBrokenRuleFailsTheStartAndNamesItsMessageAndField() {
		FailureAnalysis analysis = FailureAnalyses.of(runner(BrokenConfiguration.class));
		assertThat(analysis.getDescription())
			.startsWith("A validation rule of field 'colour' of message test.Fruit cannot be compiled: ")
			.contains("this.size > 1");
		assertThat(analysis.getAction()).contains("(buf.validate)");
	}

	@Test
	void theServerServesNothingBeforeTheRulesAreCompiled() throws Exception {
		HeldValidator validator = new HeldValidator();
		CompletableFuture<Void> started = new CompletableFuture<>();
		Thread thread = new Thread(() -> runner(OrdersConfiguration.class).withBean(Validator.class, () -> validator)
			.run((context) -> started.complete(null)));
		thread.start();
		assertThat(validator.entered.await(60, TimeUnit.SECONDS)).isTrue();
		assertThat(started).isNotDone();
		validator.release.countDown();
		started.get(60, TimeUnit.SECONDS);
		thread.join();
	}

	@Test
	void aServiceThatACustomizerAddsIsValidatedToo() {
		run(runner(RouteGuideConfiguration.class, CustomizerConfiguration.class),
				(context,
						client) -> assertThat(failure(client, MethodType.UNARY, Orders.order(0)).getStatus().getCode())
							.isEqualTo(Status.Code.INVALID_ARGUMENT));
	}

	@Test
	void aValidatorChecksTheRequestsOfItsTypeOnly() {
		run(runner(OrdersConfiguration.class, RouteGuideConfiguration.class, PointConfiguration.class),
				(context, client) -> {
					StatusRuntimeException ex = catchThrowableOfType(StatusRuntimeException.class,
							() -> client.routeGuide().getFeature(Point.newBuilder().setLatitude(90).build()));
					assertThat(ex.getStatus().getDescription()).isEqualTo("latitude: is too far north");
					assertThat(detail(ex, BadRequest.class).getFieldViolations(0).getReason()).isEqualTo("TOO_FAR");
					assertThat(client.featureName()).isEqualTo("somewhere");
					assertThat(call(client, MethodType.UNARY, Orders.order(1))).isNotEmpty();
				});
	}

	@Test
	void aValidatorOfAllMessagesChecksTheApplicationOnly() {
		run(runner(RouteGuideConfiguration.class, AllConfiguration.class), (context, client) -> {
			assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
				.withMessage("INVALID_ARGUMENT: no");
			assertThat(client.health().check(HealthCheckRequest.getDefaultInstance()).getStatus())
				.isEqualTo(ServingStatus.NOT_SERVING);
		});
	}

	@Test
	void aValidatorThatDoesNotSayWhatItValidatesFailsTheStart() {
		FailureAnalysis analysis = FailureAnalyses.of(runner(RouteGuideConfiguration.class, RawConfiguration.class));
		assertThat(analysis.getDescription())
			.isEqualTo("The GrpcValidator bean 'raw' does not say which requests it validates.");
	}

	@Test
	void aValidatorOfRequestsThatNoMethodTakesIsReported(CapturedOutput output) {
		run(runner(OrdersConfiguration.class, PointConfiguration.class),
				(context, client) -> assertThat(output).contains("GrpcValidator bean 'points' has no effect: "
						+ "no method that is served takes a io.github.lastcall.sample.routeguide.Point"));
	}

	@Test
	void aRequestWithManyViolationsIsRefusedAsSoonAsAnother() {
		run(runner(OrdersConfiguration.class).withUserConfiguration(ManyConfiguration.class), (context, client) -> {
			StatusRuntimeException ex = failure(client, MethodType.UNARY, Orders.order(1));
			assertThat(ex.getStatus().getDescription()).isEqualTo("items[0]: must not be empty (and 99999 more)");
			List<FieldViolation> violations = detail(ex, BadRequest.class).getFieldViolationsList();
			assertThat(violations.get(violations.size() - 1).getDescription())
				.isEqualTo(100_001 - violations.size() + " more");
		});
	}

	@Test
	void aValidatorThatThrowsEndsItsCallOnly() {
		run(runner(RouteGuideConfiguration.class, ThrowingConfiguration.class), (context, client) -> {
			assertThatExceptionOfType(StatusRuntimeException.class)
				.isThrownBy(() -> client.routeGuide().getFeature(Point.getDefaultInstance()));
			assertThat(client.featureName()).isEqualTo("somewhere");
		});
	}

	private static ApplicationContextRunner runner(Class<?>... configurations) {
		return GrpcServerContextRunner.create()
			.withPropertyValues("grpc.server.validation.enabled=true")
			.withBean(MeterRegistry.class, SimpleMeterRegistry::new)
			.withUserConfiguration(configurations);
	}

	private static void run(ApplicationContextRunner runner, BiConsumer<ApplicationContext, GrpcClient> test) {
		runner.run((context) -> {
			assertThat(context).hasNotFailed();
			try (GrpcClient client = GrpcClient.of(context)) {
				test.accept(context, client);
			}
		});
	}

	private static Orders orders(ApplicationContext context) {
		return context.getBean("orders", Orders.class);
	}

	private static double violations(ApplicationContext context, String mode) {
		return context.getBean(MeterRegistry.class)
			.find("grpc.server.validation.violations")
			.tags("rpc.service", SERVICE, "rpc.method", "UNARY", "mode", mode)
			.counters()
			.stream()
			.mapToDouble((counter) -> counter.count())
			.sum();
	}

	private static <T extends Message> T detail(StatusRuntimeException ex, Class<T> type) {
		com.google.rpc.Status status = StatusProto.fromThrowable(ex);
		assertThat(status).isNotNull();
		return status.getDetailsList().stream().filter((any) -> any.is(type)).findFirst().map((any) -> {
			try {
				return any.unpack(type);
			}
			catch (InvalidProtocolBufferException invalid) {
				throw new IllegalStateException(invalid);
			}
		}).orElseThrow();
	}

	private static StatusRuntimeException failure(GrpcClient client, MethodType type, DynamicMessage... orders) {
		return failure(client, SERVICE, type, orders);
	}

	private static StatusRuntimeException failure(GrpcClient client, String service, MethodType type,
			DynamicMessage... orders) {
		StatusRuntimeException ex = catchThrowableOfType(StatusRuntimeException.class,
				() -> call(client, service, type, orders));
		assertThat(ex).as("failure").isNotNull();
		return ex;
	}

	private static List<DynamicMessage> call(GrpcClient client, MethodType type, DynamicMessage... orders) {
		return call(client, SERVICE, type, orders);
	}

	/**
	 * A call of any kind, with its answers.
	 */
	private static List<DynamicMessage> call(GrpcClient client, String service, MethodType type,
			DynamicMessage... orders) {
		Answers answers = new Answers();
		StreamObserver<DynamicMessage> requests = ClientCalls.asyncBidiStreamingCall(
				client.channel()
					.newCall(Orders.method(service, type), CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS)),
				answers);
		Stream.of(orders).forEach(requests::onNext);
		requests.onCompleted();
		Throwable failure = answers.ended.handle((all, ex) -> ex).join();
		if (failure != null) {
			throw (StatusRuntimeException) failure;
		}
		return answers.answers;
	}

	private static final class Answers implements StreamObserver<DynamicMessage> {

		private final List<DynamicMessage> answers = new CopyOnWriteArrayList<>();

		private final CompletableFuture<List<DynamicMessage>> ended = new CompletableFuture<>();

		@Override
		public void onNext(DynamicMessage answer) {
			this.answers.add(answer);
		}

		@Override
		public void onError(Throwable ex) {
			this.ended.completeExceptionally(ex);
		}

		@Override
		public void onCompleted() {
			this.ended.complete(this.answers);
		}

	}

	/**
	 * A validator of the application that takes its time.
	 */
	private static final class HeldValidator implements Validator {

		private final CountDownLatch entered = new CountDownLatch(1);

		private final CountDownLatch release = new CountDownLatch(1);

		@Override
		public ValidationResult validate(Message message) {
			this.entered.countDown();
			try {
				this.release.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			return ValidationResult.EMPTY;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OrdersConfiguration {

		@Bean
		@GrpcService
		Orders orders() {
			return new Orders(SERVICE);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class SettingsConfiguration {

		@Bean
		@GrpcService(validation = GrpcService.Validation.ENFORCE)
		Orders enforced() {
			return new Orders("test.Enforced");
		}

		@Bean
		@GrpcService(validation = GrpcService.Validation.OFF)
		Orders off() {
			return new Orders("test.Off");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BrokenConfiguration {

		@Bean
		@GrpcService
		Orders broken() {
			return new Orders("test.Broken", Orders.broken());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class CustomizerConfiguration {

		@Bean
		GrpcServerBuilderCustomizer<ServerBuilder<?>> customizer() {
			return (builder) -> builder.addService(new Orders(SERVICE));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class PointConfiguration {

		@Bean
		GrpcValidator<Point> points() {
			return (point) -> (point.getLatitude() < 90) ? List.of()
					: List.of(new GrpcViolation("latitude", "is too far north", "TOO_FAR"));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class AllConfiguration {

		@Bean
		GrpcValidator<Message> all() {
			return (message) -> List.of(new GrpcViolation("", "no"));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ManyConfiguration {

		@Bean
		GrpcValidator<Message> many() {
			return (message) -> IntStream.range(0, 100_000)
				.mapToObj((index) -> new GrpcViolation("items[" + index + "]", "must not be empty"))
				.toList();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ThrowingConfiguration {

		@Bean
		GrpcValidator<Point> throwing() {
			return (point) -> List.of(new GrpcViolation[10 / point.getLatitude() - 10]);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class RawConfiguration {

		@Bean
		GrpcValidator<?> raw() {
			return (message) -> List.of();
		}

	}

}
