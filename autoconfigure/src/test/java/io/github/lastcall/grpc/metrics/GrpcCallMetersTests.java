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

package io.github.lastcall.grpc.metrics;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import com.google.common.util.concurrent.ListenableFuture;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.Held;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.RawHttp2Connection;
import io.github.lastcall.sample.routeguide.Feature;
import io.grpc.BindableService;
import io.grpc.Deadline;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.grpc.ObservationGrpcServerInterceptor;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

@ExtendWith(OutputCaptureExtension.class)
class GrpcCallMetersTests {

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withUserConfiguration(ServiceConfiguration.class);

	@Test
	void callsAreTimedByMethodAndStatus() {
		this.runner.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				OneMethodService.call(client.channel(), "a.Service");
				OneMethodService.call(client.channel(), "a.Service");
				awaitCalls(context, "OK", 2);
				Timer timer = timer(context, "OK");
				assertThat(timer.getId().getTags()).extracting((tag) -> tag.getKey() + "=" + tag.getValue())
					.containsExactlyInAnyOrder("rpc.service=a.Service", "rpc.method=Call", "rpc.type=UNARY",
							"grpc.status_code=OK", "error=none");
				assertThat(timer.totalTime(TimeUnit.NANOSECONDS)).isPositive();
				assertThat(counter(context, "grpc.server.received")).isEqualTo(2);
				assertThat(counter(context, "grpc.server.sent")).isEqualTo(2);
			}
		});
	}

	@Test
	void theStatusIsTheOneThatTheClientGot() {
		this.runner.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThatExceptionOfType(StatusRuntimeException.class)
					.isThrownBy(() -> OneMethodService.call(client.channel(), "a.Failing"))
					.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.UNKNOWN));
				await().until(() -> context.getBean(MeterRegistry.class)
					.find("grpc.server")
					.tags("rpc.service", "a.Failing", "grpc.status_code", "UNKNOWN", "error", "IllegalStateException")
					.timer() != null);
			}
		});
	}

	@Test
	void aCallThatALimitRefusesIsResourceExhausted() {
		this.runner.withUserConfiguration(Held.class)
			.withPropertyValues("grpc.server.limits.concurrent-calls=1")
			.run((context) -> {
				Held held = context.getBean(Held.class);
				try (GrpcClient client = GrpcClient.of(context)) {
					ListenableFuture<Feature> served = Held.call(client);
					held.entered.acquire();
					assertThatExceptionOfType(StatusRuntimeException.class)
						.isThrownBy(() -> OneMethodService.call(client.channel(), "a.Service"))
						.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED));
					awaitCalls(context, "RESOURCE_EXHAUSTED", 1);
					held.release.countDown();
					served.get();
				}
			});
	}

	@Test
	void aCallThatAFullExecutorRefusesIsResourceExhausted() {
		this.runner.withUserConfiguration(Held.class)
			.withPropertyValues("grpc.server.executor.threads=1", "grpc.server.executor.queue-capacity=1")
			.run((context) -> {
				Held held = context.getBean(Held.class);
				try (GrpcClient client = GrpcClient.of(context)) {
					ListenableFuture<Feature> served = Held.call(client);
					held.entered.acquire();
					ListenableFuture<Feature> waiting = Held.call(client);
					await().until(() -> context.getBean(GrpcServerDrain.class).getCalls().count() == 2);
					assertThatExceptionOfType(StatusRuntimeException.class)
						.isThrownBy(() -> OneMethodService.call(client.channel(), "a.Service"))
						.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED));
					awaitCalls(context, "RESOURCE_EXHAUSTED", 1);
					held.release.countDown();
					served.get();
					waiting.get();
				}
			});
	}

	@Test
	void theWaitForAThreadIsTimed() {
		this.runner.withUserConfiguration(Held.class)
			.withPropertyValues("grpc.server.executor.threads=1")
			.run((context) -> {
				Held held = context.getBean(Held.class);
				try (GrpcClient client = GrpcClient.of(context)) {
					ListenableFuture<Feature> served = Held.call(client);
					held.entered.acquire();
					ListenableFuture<Feature> waiting = Held.call(client);
					await().until(() -> context.getBean(GrpcServerDrain.class).getCalls().count() == 2);
					await().until(Deadline.after(1, TimeUnit.MILLISECONDS)::isExpired);
					held.release.countDown();
					served.get();
					waiting.get();
					Timer waits = context.getBean(MeterRegistry.class).get("grpc.server.queue.time").timer();
					assertThat(waits.totalTime(TimeUnit.MILLISECONDS)).isGreaterThanOrEqualTo(1);
				}
			});
	}

	@Test
	void aCallThatItsClientCancelsIsCancelled() {
		this.runner.withUserConfiguration(Held.class).run((context) -> {
			Held held = context.getBean(Held.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				ListenableFuture<Feature> call = Held.call(client);
				held.entered.acquire();
				call.cancel(true);
				awaitCalls(context, "a.Held", "CANCELLED", 1);
				held.release.countDown();
				await().until(() -> context.getBean(GrpcServerDrain.class).getCalls().count() == 0);
				// What the handler sends afterwards changes nothing.
				assertThat(timers(context, "a.Held")).containsExactly("CANCELLED");
			}
		});
	}

	@Test
	void aCallThatAShutdownForcesIsUnavailableOnceItsHandlerHasReturned() {
		this.runner.withUserConfiguration(Held.class)
			.withPropertyValues("grpc.server.shutdown.grace-period=0", "grpc.server.shutdown.force-timeout=1h")
			.run((context) -> {
				Held held = context.getBean(Held.class);
				try (GrpcClient client = GrpcClient.of(context)) {
					ListenableFuture<Feature> call = Held.call(client);
					held.entered.acquire();
					new Thread(() -> context.getSourceApplicationContext().stop(), "stopper").start();
					assertThatExceptionOfType(ExecutionException.class).isThrownBy(call::get)
						.satisfies((ex) -> assertThat(Status.fromThrowable(ex).getCode()).isEqualTo(Code.UNAVAILABLE));
					held.release.countDown();
					awaitCalls(context, "a.Held", "UNAVAILABLE", 1);
					assertThat(timers(context, "a.Held")).containsExactly("UNAVAILABLE");
				}
			});
	}

	/**
	 * The client keeps the connection open and leaves it to the server to look at the
	 * clock: one that looks itself cancels the call first.
	 */
	@Test
	void aCallWhoseDeadlineTheServerSeesPassIsDeadlineExceeded() {
		this.runner.withUserConfiguration(Held.class).run((context) -> {
			Held held = context.getBean(Held.class);
			try (RawHttp2Connection connection = new RawHttp2Connection(GrpcClient.port(context))) {
				connection.preface().call("a.Held/Call", Map.of("grpc-timeout", "50m")).message(new byte[0]);
				awaitCalls(context, "a.Held", "DEADLINE_EXCEEDED", 1);
				held.release.countDown();
				await().until(() -> context.getBean(GrpcServerDrain.class).getCalls().count() == 0);
				assertThat(timers(context, "a.Held")).containsExactly("DEADLINE_EXCEEDED");
			}
		});
	}

	@Test
	void whatIsNotServedAndWhatIsNotTheApplicationsHasNoMeters() {
		this.runner.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				List<Meter> before = meters(context);
				for (int i = 0; i < 100; i++) {
					String service = "unknown.Service" + i;
					assertThatExceptionOfType(StatusRuntimeException.class)
						.isThrownBy(() -> OneMethodService.call(client.channel(), service));
				}
				new HealthClient(client.channel()).check("");
				assertThat(meters(context)).isEqualTo(before);
			}
		});
	}

	@Test
	void aServerThatStartsAgainGoesOnCounting() {
		this.runner.run((context) -> {
			for (int i = 1; i <= 2; i++) {
				try (GrpcClient client = GrpcClient.of(context)) {
					OneMethodService.call(client.channel(), "a.Service");
					awaitCalls(context, "OK", i);
					assertThat(counter(context, "grpc.server.received")).isEqualTo(i);
				}
				context.getSourceApplicationContext().stop();
				context.getSourceApplicationContext().start();
			}
		});
	}

	@Test
	@Timeout(60)
	void aMeterThatCannotBeRegisteredFailsNoCallAndHoldsUpNoDrain(CapturedOutput output) {
		this.runner.withUserConfiguration(RefusingFilterConfiguration.class)
			.withPropertyValues("grpc.server.limits.concurrent-calls=1", "grpc.server.shutdown.grace-period=1h")
			.run((context) -> {
				GrpcServerDrain drain = context.getBean(GrpcServerDrain.class);
				try (GrpcClient client = GrpcClient.of(context)) {
					for (int i = 0; i < 3; i++) {
						assertThat(OneMethodService.call(client.channel(), "a.Service").getName())
							.isEqualTo("a.Service");
						await().until(() -> drain.getCalls().count() == 0);
					}
				}
				// At once, or the test takes too long.
				context.getSourceApplicationContext().close();
				assertThat(output).containsOnlyOnce("Could not register a meter");
			});
	}

	/**
	 * Fails when Micrometer changes what dashboards are made for.
	 */
	@Test
	void theMetersAreThoseOfMicrometersConventionButForTheDifferencesThatAreDocumented() {
		SimpleMeterRegistry theirs = new SimpleMeterRegistry();
		ObservationRegistry observations = ObservationRegistry.create();
		observations.observationConfig().observationHandler(new DefaultMeterObservationHandler(theirs));
		this.runner.run((context) -> {
			Server server = NettyServerBuilder.forPort(0)
				.intercept(new ObservationGrpcServerInterceptor(observations))
				.addService(new OneMethodService("a.Service"))
				.build()
				.start();
			try (GrpcClient client = GrpcClient.of(context);
					GrpcClient other = GrpcClient.of("127.0.0.1", server.getPort())) {
				OneMethodService.call(client.channel(), "a.Service");
				OneMethodService.call(other.channel(), "a.Service");
				awaitCalls(context, "OK", 1);
				await().until(() -> theirs.find("grpc.server").timer() != null);
				assertThat(ids(context.getBean(MeterRegistry.class))).contains(
						"grpc.server [error=none, grpc.status_code=OK, rpc.method=Call, rpc.service=a.Service, rpc.type=UNARY]",
						"grpc.server.received [rpc.method=Call, rpc.service=a.Service, rpc.type=UNARY]",
						"grpc.server.sent [rpc.method=Call, rpc.service=a.Service, rpc.type=UNARY]");
				assertThat(ids(theirs)).containsExactlyInAnyOrder(
						"grpc.server [error=none, grpc.status_code=OK, rpc.method=Call, rpc.service=a.Service, rpc.type=UNARY]",
						"grpc.server.received [grpc.status_code=UNKNOWN, rpc.method=Call, rpc.service=a.Service, rpc.type=UNARY]",
						"grpc.server.sent [grpc.status_code=UNKNOWN, rpc.method=Call, rpc.service=a.Service, rpc.type=UNARY]",
						"grpc.server.active [grpc.status_code=UNKNOWN, rpc.method=Call, rpc.service=a.Service, rpc.type=UNARY]");
			}
			finally {
				server.shutdownNow();
			}
		});
	}

	private static List<String> ids(MeterRegistry registry) {
		return registry.getMeters()
			.stream()
			.map((meter) -> meter.getId().getName() + " "
					+ meter.getId().getTags().stream().map((tag) -> tag.getKey() + "=" + tag.getValue()).toList())
			.toList();
	}

	@Test
	void metersAreLookedUpOncePerMethodAndStatus() {
		this.runner.withUserConfiguration(CountingFilterConfiguration.class).run((context) -> {
			AtomicInteger lookUps = context.getBean("lookUps", AtomicInteger.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				OneMethodService.call(client.channel(), "a.Service");
				awaitCalls(context, "OK", 1);
				int once = lookUps.get();
				for (int i = 0; i < 10; i++) {
					OneMethodService.call(client.channel(), "a.Service");
				}
				await().until(() -> context.getBean(GrpcServerDrain.class).getCalls().count() == 0);
				assertThat(lookUps).hasValue(once);
				assertThat(counter(context, "grpc.server.received")).isEqualTo(11);
			}
		});
	}

	@Test
	void aCallWithAnUnknownCompressionIsUnimplemented() {
		this.runner.run((context) -> {
			try (RawHttp2Connection connection = new RawHttp2Connection(GrpcClient.port(context))) {
				connection.preface().call("a.Service/Call", Map.of("grpc-encoding", "unknown"));
				awaitCalls(context, "UNIMPLEMENTED", 1);
			}
		});
	}

	/**
	 * grpc-java knows the reason and tells it its tracers; the client only gets a reset.
	 */
	@Test
	void aUnaryCallThatIsCompletedWithoutAMessageIsInternal() {
		this.runner.withUserConfiguration(EmptyConfiguration.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThatExceptionOfType(StatusRuntimeException.class)
					.isThrownBy(() -> OneMethodService.call(client.channel(), "a.Empty"))
					.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Code.CANCELLED));
				awaitCalls(context, "a.Empty", "INTERNAL", 1);
			}
		});
	}

	private static List<String> timers(ApplicationContext context, String service) {
		return context.getBean(MeterRegistry.class)
			.find("grpc.server")
			.tag("rpc.service", service)
			.timers()
			.stream()
			.map((timer) -> String.valueOf(timer.getId().getTag("grpc.status_code")))
			.toList();
	}

	private static void awaitCalls(ApplicationContext context, String status, long calls) {
		awaitCalls(context, "a.Service", status, calls);
	}

	private static void awaitCalls(ApplicationContext context, String service, String status, long calls) {
		await().until(() -> context.getBean(MeterRegistry.class)
			.find("grpc.server")
			.tags("rpc.service", service, "grpc.status_code", status)
			.timers()
			.stream()
			.anyMatch((timer) -> timer.count() == calls));
	}

	private static Timer timer(ApplicationContext context, String status) {
		return context.getBean(MeterRegistry.class)
			.get("grpc.server")
			.tags("rpc.service", "a.Service", "grpc.status_code", status)
			.timer();
	}

	private static double counter(ApplicationContext context, String name) {
		return context.getBean(MeterRegistry.class).get(name).tag("rpc.service", "a.Service").functionCounter().count();
	}

	private static List<Meter> meters(ApplicationContext context) {
		return context.getBean(MeterRegistry.class).getMeters();
	}

	@Configuration(proxyBeanMethods = false)
	static class ServiceConfiguration {

		@Bean
		SimpleMeterRegistry meterRegistry() {
			return new SimpleMeterRegistry();
		}

		@Bean
		@GrpcService
		OneMethodService service() {
			return new OneMethodService("a.Service");
		}

		@Bean
		@GrpcService
		OneMethodService failing() {
			return new OneMethodService("a.Failing", () -> {
				throw new IllegalStateException("on purpose");
			});
		}

	}

	/**
	 * Counters are registered when the server starts, timers when calls end.
	 */
	@Configuration(proxyBeanMethods = false)
	static class RefusingFilterConfiguration {

		@Bean
		static BeanPostProcessor refusingFilter() {
			return filter((id) -> {
				if (id.getName().startsWith("grpc.server") && id.getTag("rpc.method") != null) {
					throw new IllegalArgumentException("on purpose");
				}
			});
		}

		static BeanPostProcessor filter(Consumer<Meter.Id> looked) {
			return new BeanPostProcessor() {

				@Override
				public Object postProcessAfterInitialization(Object bean, String name) {
					if (bean instanceof MeterRegistry registry) {
						registry.config().meterFilter(new MeterFilter() {

							@Override
							public Meter.Id map(Meter.Id id) {
								looked.accept(id);
								return id;
							}

						});
					}
					return bean;
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class CountingFilterConfiguration {

		@Bean
		static AtomicInteger lookUps() {
			return new AtomicInteger();
		}

		@Bean
		static BeanPostProcessor countingFilter(AtomicInteger lookUps) {
			return RefusingFilterConfiguration.filter((id) -> lookUps.incrementAndGet());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class EmptyConfiguration {

		@Bean
		@GrpcService
		BindableService empty() {
			return () -> ServerServiceDefinition.builder("a.Empty")
				.addMethod(OneMethodService.method("a.Empty"),
						ServerCalls.asyncUnaryCall((point, observer) -> observer.onCompleted()))
				.build();
		}

	}

}
