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

package io.github.lastcall.grpc.error;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionException;

import com.google.rpc.ErrorInfo;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.AdviceConfiguration;
import io.github.lastcall.grpc.testing.FailureAnalyses;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.tls.PeerIdentity;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.BeanUtils;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests of {@link GrpcExceptionHandler @GrpcExceptionHandler}.
 */
@Timeout(60)
class GrpcExceptionHandlerTests {

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withUserConfiguration(Application.class);

	@Test
	void theLinesOfTheGuideMapADomainExceptionToNotFoundWithAReason() {
		this.runner.withBean(FeatureErrors.class).run((context) -> {
			StatusRuntimeException failure = failure(context.getBean(RouteGuide.class), GrpcClient.of(context),
					new FeatureNotFoundException("here"));
			assertThat(failure).hasMessage("NOT_FOUND: There is no feature at here");
			assertThat(GrpcErrorTests.details(StatusProto.fromThrowable(failure)))
				.containsExactly(ErrorInfo.newBuilder().setReason("NO_FEATURE").setDomain("maps.example.org").build());
		});
	}

	@Test
	void theLinesOfTheGuideAreThose() throws IOException {
		String guide = Files.readString(Path.of("../docs/errors.md"));
		String source = Files.readString(Path
			.of("src/test/java/io/github/lastcall/grpc/error/" + FeatureErrors.class.getSimpleName() + ".java"));
		assertThat(guide.replaceAll("\\s+", ""))
			.contains("```java" + source.substring(source.indexOf("@GrpcAdvice")).replaceAll("\\s+", "") + "```");
	}

	@Test
	void theServiceComesBeforeAdviceInItsOrderAndThenTheNearestTypeDecides() {
		this.runner.withUserConfiguration(Advice.class).run((context) -> {
			assertThat(description(context, new UnsupportedOperationException())).isEqualTo("service");
			assertThat(description(context, new FileNotFoundException())).isEqualTo("first FileNotFoundException");
			assertThat(description(context, new IOException())).isEqualTo("first IOException");
			assertThat(description(context, new ArithmeticException())).isEqualTo("mapper");
			assertThat(description(context, new IllegalArgumentException())).isEqualTo("second RuntimeException");
		});
	}

	@Test
	void theExceptionComesBeforeItsCauses() {
		this.runner.withUserConfiguration(Advice.class).run((context) -> {
			assertThat(description(context, new IllegalArgumentException(new IOException())))
				.isEqualTo("second RuntimeException");
			assertThat(description(context, new Exception(new IOException()))).isEqualTo("first IOException");
		});
	}

	@Test
	void aStatusIsHandledByMethodsThatAreDeclaredForItOnly() {
		this.runner.withUserConfiguration(Advice.class).run((context) -> {
			assertThat(failure(context, Status.NOT_FOUND.asException())).hasMessage("NOT_FOUND");
			assertThat(failure(context, new CompletionException(Status.NOT_FOUND.asException())))
				.hasMessageContaining("second RuntimeException");
			assertThat(failure(context, Status.NOT_FOUND.asRuntimeException())).hasMessage("NOT_FOUND");
		});
		this.runner.withUserConfiguration(Advice.class).withBean(StatusAdvice.class).run((context) -> {
			assertThat(failure(context, Status.NOT_FOUND.asRuntimeException())).hasMessage("ABORTED: translated");
			assertThat(failure(context, Status.NOT_FOUND.asException())).hasMessage("NOT_FOUND");
		});
	}

	@Test
	void aMethodSeesTheCallInParametersOfAnyOrder() {
		this.runner.withBean(CuriousAdvice.class).run((context) -> {
			Metadata headers = new Metadata();
			headers.put(Metadata.Key.of("accept-language", Metadata.ASCII_STRING_MARSHALLER), "fr-CA, en;q=0.5");
			context.getBean(RouteGuide.class).failWith(new IllegalStateException("on purpose"));
			try (GrpcClient client = GrpcClient.of(context)) {
				StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class,
						() -> client.routeGuide()
							.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
							.getFeature(Point.newBuilder().setLatitude(7).build()));
				assertThat(failure).hasMessage("FAILED_PRECONDITION: "
						+ "routeguide.RouteGuide/GetFeature 7 fr_CA fr-CA, en;q=0.5 null on purpose true");
				StatusRuntimeException stream = catchThrowableOfType(StatusRuntimeException.class,
						() -> client.routeGuide().listFeatures(Rectangle.getDefaultInstance()).hasNext());
				assertThat(stream).hasMessage("UNKNOWN: Application error processing RPC");
			}
		});
	}

	@Test
	void aMethodReturnsAnyFormOfAStatus() {
		this.runner.withBean(ReturningAdvice.class).run((context) -> {
			assertThat(failure(context, new IOException())).hasMessage("NOT_FOUND: exception");
			assertThat(failure(context, new ArithmeticException())).hasMessage("NOT_FOUND: runtime exception");
			assertThat(failure(context, new IllegalArgumentException())).hasMessage("NOT_FOUND: message");
			assertThat(failure(context, new IllegalStateException()))
				.hasMessage("UNKNOWN: Application error processing RPC");
		});
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void aMethodThatFailsItselfLeavesTheExceptionUnmapped(CapturedOutput output) {
		this.runner.withBean(FailingAdvice.class).run((context) -> {
			for (Exception exception : List.of(new IllegalStateException("fails"), new ArithmeticException("again"))) {
				assertThat(failure(context, exception)).hasMessage("UNKNOWN: Application error processing RPC");
				await().untilAsserted(
						() -> assertThat(output).contains("The handler of routeguide.RouteGuide/GetFeature failed")
							.containsOnlyOnce(exception.toString())
							.doesNotContain("Self-suppression"));
			}
		});
	}

	@Test
	void aMethodOfAProxiedServiceIsCalledOnItsProxy() {
		this.runner.withUserConfiguration(AdviceConfiguration.class)
			.run((context) -> assertThat(description(context, new UnsupportedOperationException()))
				.isEqualTo("service"));
	}

	@ParameterizedTest
	@ValueSource(classes = { PrivateAdvice.class, StaticAdvice.class, FinalAdvice.class, ReturningVoid.class,
			WithoutException.class, ImpossibleParameter.class, WrongParameter.class, Ambiguous.class })
	void aMethodThatCannotBeCalledFailsTheStart(Class<?> advice) throws ReflectiveOperationException {
		FailureAnalysis analysis = FailureAnalyses
			.of(this.runner.withBean("theAdvice", Object.class, () -> BeanUtils.instantiateClass(advice)));
		assertThat(analysis.getDescription()).contains("@GrpcExceptionHandler", "bean 'theAdvice'")
			.contains((String) advice.getDeclaredField("EXPECTED").get(null));
		assertThat(analysis.getAction()).isNotBlank();
	}

	private static String description(ApplicationContext context, Exception exception) {
		return String.valueOf(failure(context, exception).getStatus().getDescription());
	}

	private static StatusRuntimeException failure(ApplicationContext context, Exception exception) {
		return failure(context.getBean(RouteGuide.class), GrpcClient.of(context), exception);
	}

	private static StatusRuntimeException failure(RouteGuide service, GrpcClient opened, Exception exception) {
		service.failWith(exception);
		try (GrpcClient client = opened) {
			return catchThrowableOfType(StatusRuntimeException.class, client::featureName);
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		@Bean
		RouteGuide routeGuide() {
			return new RouteGuide();
		}

	}

	@GrpcService
	static class RouteGuide extends RouteGuideGrpc.RouteGuideImplBase {

		private volatile Exception failure = new IllegalStateException();

		private final String name = "service";

		void failWith(Exception failure) {
			this.failure = failure;
		}

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			sneakyThrow(this.failure);
		}

		@Override
		public void listFeatures(Rectangle request, StreamObserver<Feature> responses) {
			sneakyThrow(this.failure);
		}

		@GrpcExceptionHandler
		Status unsupported(UnsupportedOperationException ex) {
			return Status.UNIMPLEMENTED.withDescription(this.name);
		}

		@SuppressWarnings({ "unchecked", "TypeParameterUnusedInFormals" })
		private static <X extends Throwable> void sneakyThrow(Throwable ex) throws X {
			throw (X) ex;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Advice {

		@Bean
		@Order(2)
		GrpcExceptionMapper mapper() {
			return (exception, call) -> (exception instanceof ArithmeticException)
					? GrpcError.of(Status.ABORTED.withDescription("mapper")) : null;
		}

		@Bean
		SecondAdvice second() {
			return new SecondAdvice();
		}

		@Bean
		@Order(1)
		FirstAdvice first() {
			return new FirstAdvice();
		}

	}

	@GrpcAdvice
	static class FirstAdvice {

		@GrpcExceptionHandler
		Status io(IOException ex) {
			return Status.ABORTED.withDescription("first IOException");
		}

		@GrpcExceptionHandler
		Status file(FileNotFoundException ex) {
			return Status.ABORTED.withDescription("first FileNotFoundException");
		}

		@GrpcExceptionHandler({ UnsupportedOperationException.class, IllegalArgumentException.class })
		@Nullable Status notMine() {
			return null;
		}

	}

	@GrpcAdvice
	@Order(3)
	static class SecondAdvice {

		@GrpcExceptionHandler
		Status runtime(RuntimeException ex) {
			return Status.ABORTED.withDescription("second RuntimeException");
		}

	}

	@GrpcAdvice
	static class StatusAdvice {

		@GrpcExceptionHandler
		Status translate(StatusRuntimeException ex) {
			return Status.ABORTED.withDescription("translated");
		}

	}

	@GrpcAdvice
	static class CuriousAdvice {

		@GrpcExceptionHandler
		Status all(Locale locale, Point request, @Nullable PeerIdentity peer, MethodDescriptor<?, ?> method,
				IllegalStateException ex, Metadata headers, GrpcFailedCall call) {
			return Status.FAILED_PRECONDITION
				.withDescription("%s %d %s %s %s %s %s".formatted(method.getFullMethodName(), request.getLatitude(),
						locale, headers.get(Metadata.Key.of("accept-language", Metadata.ASCII_STRING_MARSHALLER)), peer,
						ex.getMessage(), call.request().isPresent()));
		}

	}

	@GrpcAdvice
	static class ReturningAdvice {

		@GrpcExceptionHandler
		StatusException exception(IOException ex) {
			return Status.NOT_FOUND.withDescription("exception").asException();
		}

		@GrpcExceptionHandler
		StatusRuntimeException runtimeException(ArithmeticException ex) {
			return Status.NOT_FOUND.withDescription("runtime exception").asRuntimeException();
		}

		@GrpcExceptionHandler
		com.google.rpc.Status message(IllegalArgumentException ex) {
			return com.google.rpc.Status.newBuilder().setCode(5).setMessage("message").build();
		}

		@GrpcExceptionHandler
		Status ok(IllegalStateException ex) {
			return Status.OK;
		}

	}

	@GrpcAdvice
	static class PrivateAdvice {

		static final String EXPECTED = "is private, static or final";

		@GrpcExceptionHandler
		@SuppressWarnings("UnusedMethod")
		private Status handle(IOException ex) {
			return Status.ABORTED;
		}

	}

	@GrpcAdvice
	static class StaticAdvice {

		static final String EXPECTED = "is private, static or final";

		@GrpcExceptionHandler
		static Status handle(IOException ex) {
			return Status.ABORTED;
		}

	}

	@GrpcAdvice
	static class FinalAdvice {

		static final String EXPECTED = "is private, static or final";

		@GrpcExceptionHandler
		final Status handle(IOException ex) {
			return Status.ABORTED;
		}

	}

	@GrpcAdvice
	static class ReturningVoid {

		static final String EXPECTED = "it returns void";

		@GrpcExceptionHandler
		void handle(IOException ex) {
		}

	}

	@GrpcAdvice
	static class WithoutException {

		static final String EXPECTED = "names no exception";

		@GrpcExceptionHandler
		Status handle(Metadata headers) {
			return Status.ABORTED;
		}

	}

	@GrpcAdvice
	static class ImpossibleParameter {

		static final String EXPECTED = "has a parameter of type java.lang.String";

		@GrpcExceptionHandler
		Status handle(IOException ex, String name) {
			return Status.ABORTED;
		}

	}

	@GrpcAdvice
	static class WrongParameter {

		static final String EXPECTED = "handles java.lang.ArithmeticException but has a parameter of type java.io.IOException";

		@GrpcExceptionHandler(ArithmeticException.class)
		Status handle(IOException ex) {
			return Status.ABORTED;
		}

	}

	@GrpcAdvice
	static class Ambiguous {

		static final String EXPECTED = "handle java.io.IOException";

		@GrpcExceptionHandler
		Status one(IOException ex) {
			return Status.ABORTED;
		}

		@GrpcExceptionHandler
		Status other(IOException ex) {
			return Status.ABORTED;
		}

	}

	@GrpcAdvice
	static class FailingAdvice {

		@GrpcExceptionHandler
		Status handle(IllegalStateException ex) {
			throw new IllegalArgumentException("in advice");
		}

		@GrpcExceptionHandler
		Status handleAgain(ArithmeticException ex) {
			throw ex;
		}

	}

}
