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

package io.github.lastcall.grpc.call;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.Held;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.RawHttp2Connection;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.grpc.GrpcServerObservationContext;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * A call whose client is gone was cancelled: it is no error of the server, and its status
 * is not the UNAVAILABLE that grpc-java makes of a connection that is gone.
 */
@Timeout(60)
class VanishedClientTests {

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withConfiguration(AutoConfigurations.of(ObservationAutoConfiguration.class))
		.withUserConfiguration(ServiceConfiguration.class);

	@Test
	void aCallWhoseConnectionIsCutIsCancelled() {
		this.runner.run((context) -> {
			RawHttp2Connection connection = call(context);
			context.getBean(Held.class).entered.acquire();
			connection.close();
			assertThatTheCallHasEnded(context, "a.Held", Code.CANCELLED);
		});
	}

	@Test
	void aCallWhoseConnectionIsCutOnTheEventLoopIsCancelled() {
		this.runner.withPropertyValues("grpc.server.executor.type=direct").run((context) -> {
			try (RawHttp2Connection connection = new RawHttp2Connection(GrpcClient.port(context))) {
				connection.preface().call("a.Silent/Call", Map.of());
				await().until(() -> context.getBean(GrpcServerDrain.class).getCalls().count() == 1);
			}
			assertThatTheCallHasEnded(context, "a.Silent", Code.CANCELLED);
		});
	}

	@Test
	void aCallThatIsResetIsCancelled() {
		this.runner.run((context) -> {
			try (RawHttp2Connection connection = call(context)) {
				context.getBean(Held.class).entered.acquire();
				connection.reset();
				assertThatTheCallHasEnded(context, "a.Held", Code.CANCELLED);
			}
		});
	}

	@Test
	void aCallWhoseConnectionIsCutBeforeItsHandlerBeginsIsCancelled() {
		this.runner.withPropertyValues("grpc.server.executor.threads=1").run((context) -> {
			try (RawHttp2Connection first = call(context)) {
				context.getBean(Held.class).entered.acquire();
				try (RawHttp2Connection second = new RawHttp2Connection(GrpcClient.port(context))) {
					second.preface().call("a.Silent/Call", Map.of());
					await().until(() -> context.getBean(GrpcServerDrain.class).getCalls().count() == 2);
				}
				assertThatTheCallHasEnded(context, "a.Silent", Code.CANCELLED);
			}
		});
	}

	/**
	 * What the handler says afterwards reaches nobody.
	 */
	@Test
	void aCallWhoseConnectionIsCutBeforeItsHandlerClosesItAsUnavailableIsCancelled() {
		this.runner.run((context) -> {
			Held held = context.getBean(Held.class);
			try (RawHttp2Connection connection = new RawHttp2Connection(GrpcClient.port(context))) {
				connection.preface().call("a.LateUnavailable/Call", Map.of()).message(new byte[0]);
				held.entered.acquire();
			}
			await().until(() -> timers(context, "a.LateUnavailable", Code.CANCELLED) == 1);
			assertThatTheCallHasEnded(context, "a.LateUnavailable", Code.CANCELLED);
		});
	}

	@Test
	void aCallInTheSameProcessWhoseChannelIsShutDownIsCancelled() {
		this.runner.withPropertyValues("grpc.server.in-process.enabled=true", "grpc.server.in-process.name=vanished")
			.run((context) -> {
				ManagedChannel channel = InProcessChannelBuilder.forName("vanished").build();
				ClientCalls.futureUnaryCall(channel.newCall(OneMethodService.method("a.Held"), CallOptions.DEFAULT),
						Point.getDefaultInstance());
				context.getBean(Held.class).entered.acquire();
				channel.shutdownNow();
				assertThatTheCallHasEnded(context, "a.Held", Code.CANCELLED);
			});
	}

	@ParameterizedTest
	@ValueSource(strings = { "a.Unavailable", "a.Throwing" })
	void aCallThatTheServerItselfClosesAsUnavailableIsUnavailable(String service) {
		this.runner.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThatTheClientIsTold(client.channel(), service);
				assertThatTheCallHasEnded(context, service, Code.UNAVAILABLE);
			}
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "a.Unavailable", "a.Throwing" })
	void aCallInTheSameProcessThatTheServerItselfClosesAsUnavailableIsUnavailable(String service) {
		this.runner.withPropertyValues("grpc.server.in-process.enabled=true", "grpc.server.in-process.name=vanished")
			.run((context) -> {
				ManagedChannel channel = InProcessChannelBuilder.forName("vanished").build();
				assertThatTheClientIsTold(channel, service);
				assertThatTheCallHasEnded(context, service, Code.UNAVAILABLE);
				channel.shutdownNow();
			});
	}

	private static void assertThatTheClientIsTold(Channel channel, String service) {
		assertThatExceptionOfType(StatusRuntimeException.class)
			.isThrownBy(() -> OneMethodService.call(channel, service))
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Code.UNAVAILABLE));
	}

	private static RawHttp2Connection call(ApplicationContext context) throws IOException {
		return new RawHttp2Connection(GrpcClient.port(context)).preface()
			.call("a.Held/Call", Map.of())
			.message(new byte[0]);
	}

	private static void assertThatTheCallHasEnded(ApplicationContext context, String service, Code status)
			throws InterruptedException {
		await().until(() -> context.getBean(MeterRegistry.class)
			.find("grpc.server")
			.tag("rpc.service", service)
			.timer() != null);
		assertThat(timers(context, service, status)).isEqualTo(1);
		context.getBean(Held.class).release.countDown();
		GrpcServerObservationContext observed = context.getBean(Ended.class).of(service);
		assertThat(observed.getStatusCode()).isEqualTo(status);
		assertThat(observed.getError() != null).isEqualTo(status == Code.UNAVAILABLE);
	}

	private static long timers(ApplicationContext context, String service, Code status) {
		return context.getBean(MeterRegistry.class)
			.find("grpc.server")
			.tags("rpc.service", service, "grpc.status_code", status.name())
			.timers()
			.stream()
			.mapToLong((timer) -> timer.count())
			.sum();
	}

	/**
	 * The observations that have ended.
	 */
	static class Ended implements ObservationHandler<GrpcServerObservationContext> {

		private final BlockingQueue<GrpcServerObservationContext> all = new LinkedBlockingQueue<>();

		@Override
		public void onStop(GrpcServerObservationContext context) {
			this.all.add(context);
		}

		GrpcServerObservationContext of(String service) throws InterruptedException {
			GrpcServerObservationContext next = this.all.poll(30, TimeUnit.SECONDS);
			while (next != null && !service.equals(next.getServiceName())) {
				next = this.all.poll(30, TimeUnit.SECONDS);
			}
			assertThat(next).isNotNull();
			return next;
		}

		@Override
		public boolean supportsContext(Observation.Context context) {
			return context instanceof GrpcServerObservationContext;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(Held.class)
	static class ServiceConfiguration {

		@Bean
		SimpleMeterRegistry meterRegistry() {
			return new SimpleMeterRegistry();
		}

		@Bean
		Ended ended() {
			return new Ended();
		}

		@Bean
		@GrpcService
		OneMethodService silent() {
			return new OneMethodService("a.Silent");
		}

		@Bean
		@GrpcService
		BindableService unavailable() {
			return service("a.Unavailable", ServerCalls
				.asyncUnaryCall((point, observer) -> observer.onError(Status.UNAVAILABLE.asRuntimeException())));
		}

		@Bean
		@GrpcService
		BindableService lateUnavailable(Held held) {
			return service("a.LateUnavailable", ServerCalls.asyncUnaryCall((point, observer) -> {
				held.hold();
				observer.onError(Status.UNAVAILABLE.asRuntimeException());
			}));
		}

		@Bean
		@GrpcService
		BindableService throwing() {
			return service("a.Throwing", (call, headers) -> {
				throw Status.UNAVAILABLE.asRuntimeException();
			});
		}

		private static BindableService service(String name, ServerCallHandler<Point, Feature> handler) {
			return () -> ServerServiceDefinition.builder(name)
				.addMethod(OneMethodService.method(name), handler)
				.build();
		}

	}

}
