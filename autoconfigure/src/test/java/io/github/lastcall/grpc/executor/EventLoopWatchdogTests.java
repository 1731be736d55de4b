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

package io.github.lastcall.grpc.executor;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

import com.google.common.util.concurrent.ListenableFuture;
import io.github.lastcall.grpc.call.DrainSignal;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.server.InProcessGrpcServerFactory;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class EventLoopWatchdogTests {

	private static final Duration SAMPLE = Duration.ofMillis(25);

	private static final String WARNING = "blocked an event loop for more than";

	private final Handler handler = new Handler();

	private final ManualServerTimer timer = new ManualServerTimer();

	private final ApplicationContextRunner plain = GrpcServerContextRunner.create()
		.withBean(Handler.class, () -> this.handler);

	private final ApplicationContextRunner runner = this.plain.withBean("lastCallWatchdogTimer",
			ManualServerTimer.class, () -> this.timer,
			(definition) -> ((AbstractBeanDefinition) definition).setDefaultCandidate(false));

	@AfterEach
	void release() {
		this.handler.release.release(1000);
	}

	@Test
	void aHandlerThatHoldsTheEventLoopIsReportedOnceWithItsStack(CapturedOutput output) {
		direct().run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				for (int i = 0; i < 2; i++) {
					ListenableFuture<Feature> call = call(client);
					awaitHeld();
					this.timer.advance(SAMPLE.multipliedBy(4));
					assertThat(count(output)).isEqualTo(i);
					this.timer.advance(SAMPLE);
					assertThat(count(output)).isOne();
					this.timer.advance(SAMPLE.multipliedBy(10));
					assertThat(count(output)).isOne();
					this.handler.release.release();
					assertThat(call.get().getName()).startsWith("grpc-worker-network-");
				}
				assertThat(output).containsPattern("WARN .*EventLoopWatchdog.* gRPC server 'network': a handler of "
						+ "routeguide.RouteGuide/GetFeature blocked an event loop for more than 100 ms, and "
						+ "all other calls on its connections with it. Remove executor = \"direct\" from the @GrpcService of "
						+ "bean 'service', or name an Executor bean there.")
					.containsPattern("stack of thread grpc-worker-network-.*, not an error")
					.containsPattern("at .*EventLoopWatchdogTests\\$Handler.hold\\(EventLoopWatchdogTests.java:\\d+\\)")
					.doesNotContain("netty.channel");
			}
		});
	}

	@Test
	@TestsProperty("grpc.server.executor.block-warning")
	void aMessageThatHoldsTheEventLoopIsReported(CapturedOutput output) {
		this.runner.withUserConfiguration(OrdinaryConfiguration.class)
			.withPropertyValues("grpc.server.executor.type=direct", "grpc.server.executor.block-warning=1s")
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					Observer<RouteNote> call = new Observer<>();
					StreamObserver<RouteNote> requests = RouteGuideGrpc.newStub(client.channel()).routeChat(call);
					requests.onNext(RouteNote.getDefaultInstance());
					awaitHeld();
					this.timer.advance(Duration.ofSeconds(1));
					assertThat(count(output)).isZero();
					this.timer.advance(Duration.ofMillis(250));
					assertThat(output).containsOnlyOnce("a handler of routeguide.RouteGuide/RouteChat " + WARNING
							+ " 1000 ms, and all other calls on its connections with it. Name an "
							+ "Executor bean in @GrpcService(executor = \"...\") on bean 'service', or set "
							+ "grpc.server.executor.type to another executor.");
					this.handler.release.release();
					requests.onCompleted();
					assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
				}
			});
	}

	@Test
	void whatIsDoneAtTheDrainSignalAndHoldsTheEventLoopIsReported(CapturedOutput output) {
		direct().withPropertyValues("grpc.server.shutdown.grace-period=1h").run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				Observer<RouteNote> call = new Observer<>();
				context.getBean(RouteGuide.class).onChat = (responses) -> DrainSignal.current().onDrain(() -> {
					this.handler.hold();
					responses.onCompleted();
				});
				RouteGuideGrpc.newStub(client.channel()).routeChat(call);
				await().until(() -> context.getBean(GrpcServerDrain.class).getCalls().count() == 1);
				Thread stopper = new Thread(() -> context.getSourceApplicationContext().stop(), "stopper");
				stopper.start();
				awaitHeld();
				this.timer.advance(SAMPLE.multipliedBy(20));
				assertThat(output).containsOnlyOnce("a handler of routeguide.RouteGuide/RouteChat " + WARNING);
				this.handler.release.release();
				assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
				stopper.join();
			}
		});
	}

	@Test
	void manyCallbacksThatAreShortAreNotReported(CapturedOutput output) {
		direct().run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				for (int i = 0; i < 5; i++) {
					ListenableFuture<Feature> call = call(client);
					awaitHeld();
					this.timer.advance(SAMPLE.multipliedBy(4));
					this.handler.release.release();
					call.get();
				}
				// An event loop that has nothing to do is not held either.
				this.timer.advance(Duration.ofMinutes(1));
				assertThat(count(output)).isZero();
			}
		});
	}

	@Test
	void nobodyLooksUnlessThereIsAConnectionToADirectService() {
		direct().run((context) -> {
			assertThat(this.timer.pending()).isZero();
			for (int i = 0; i < 2; i++) {
				GrpcClient other = GrpcClient.of(context);
				try (GrpcClient client = GrpcClient.of(context)) {
					this.handler.release.release(2);
					call(client).get();
					call(other).get();
					assertThat(this.timer.pending()).isOne();
					this.timer.advance(SAMPLE.multipliedBy(3));
					assertThat(this.timer.pending()).isOne();
				}
				other.close();
				await().until(() -> this.timer.pending() == 0);
			}
		});
	}

	@Test
	void theServerLeavesNothingBehind() {
		direct().run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				this.handler.release.release();
				call(client).get();
				assertThat(this.timer.pending()).isOne();
				context.getSourceApplicationContext().stop();
				await().until(() -> this.timer.pending() == 0);
			}
		});
	}

	@Test
	void servicesOnAnExecutorAreNotWatched() {
		this.runner.withUserConfiguration(OrdinaryConfiguration.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				this.handler.release.release();
				assertThat(call(client).get().getName()).startsWith("grpc-executor-");
				assertThat(this.timer.pending()).isZero();
			}
		});
	}

	@Test
	void zeroSwitchesItOff() {
		direct().withPropertyValues("grpc.server.executor.block-warning=0").run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				this.handler.release.release();
				call(client).get();
				assertThat(this.timer.pending()).isZero();
			}
		});
	}

	@Test
	void aCallInTheSameProcessHoldsTheThreadOfItsCaller(CapturedOutput output) {
		this.runner.withUserConfiguration(NestedConfiguration.class)
			.withPropertyValues("grpc.server.in-process.enabled=true")
			.run((context) -> {
				ManagedChannel inProcess = inProcess(context);
				context.getBean(Nested.class).inner = () -> OneMethodService.call(inProcess, "a.Inner").getName();
				try (GrpcClient client = GrpcClient.of(context)) {
					// By itself: nobody's event loop.
					CountDownLatch done = new CountDownLatch(1);
					new Thread(() -> {
						OneMethodService.call(inProcess, "a.Inner");
						done.countDown();
					}, "caller").start();
					awaitHeld();
					this.timer.advance(Duration.ofSeconds(1));
					this.handler.release.release();
					assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
					assertThat(count(output)).isZero();
					// Within a handler that runs on one.
					ListenableFuture<Feature> outer = ClientCalls.futureUnaryCall(
							client.channel().newCall(OneMethodService.method("a.Outer"), CallOptions.DEFAULT),
							Point.getDefaultInstance());
					awaitHeld();
					this.timer.advance(Duration.ofSeconds(1));
					assertThat(output).containsOnlyOnce(WARNING).contains("a handler of a.Outer/Call " + WARNING);
					this.handler.release.release();
					assertThat(outer.get().getName()).isEqualTo("done");
					// The outer one has ended, and what comes next is a callback of its
					// own.
					this.timer.advance(Duration.ofSeconds(1));
					assertThat(output).containsOnlyOnce(WARNING);
				}
				finally {
					inProcess.shutdownNow();
				}
			});
	}

	@Test
	void aCallbackWithinAnotherIsPartOfIt(CapturedOutput output) {
		String name = InProcessServerBuilder.generateName();
		InProcessGrpcServerFactory transport = new InProcessGrpcServerFactory(name, "none");
		this.runner.withUserConfiguration(NestedConfiguration.class)
			.withBean(GrpcServerFactory.class, () -> transport)
			.run((context) -> {
				ManagedChannel channel = InProcessChannelBuilder.forName(name).directExecutor().build();
				context.getBean(Nested.class).inner = () -> {
					for (int i = 0; i < 6; i++) {
						this.handler.hold();
						OneMethodService.call(channel, "a.Quick");
					}
					return "done";
				};
				CompletableFuture<Feature> call = new CompletableFuture<>();
				new Thread(() -> call.complete(OneMethodService.call(channel, "a.Outer")), "caller").start();
				for (int i = 0; i < 6; i++) {
					awaitHeld();
					assertThat(count(output)).isEqualTo((i < 5) ? 0 : 1);
					this.timer.advance(SAMPLE);
					this.handler.release.release();
				}
				assertThat(call.get().getName()).isEqualTo("done");
				assertThat(output).contains("a handler of a.Outer/Call " + WARNING);
				channel.shutdownNow();
			});
	}

	@Test
	void itIsOnByDefaultAndSeesTheHandlerWhileItBlocks(CapturedOutput output) {
		this.plain.withUserConfiguration(DirectConfiguration.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				ListenableFuture<Feature> call = call(client);
				awaitHeld();
				await().untilAsserted(() -> assertThat(output).contains(WARNING + " 100 ms"));
				this.handler.release.release();
				call.get();
			}
		});
	}

	private ApplicationContextRunner direct() {
		return this.runner.withUserConfiguration(DirectConfiguration.class);
	}

	private static ListenableFuture<Feature> call(GrpcClient client) {
		return RouteGuideGrpc.newFutureStub(client.channel()).getFeature(Point.getDefaultInstance());
	}

	private void awaitHeld() throws InterruptedException {
		assertThat(this.handler.held.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
	}

	private static long count(CapturedOutput output) {
		return output.getAll().lines().filter((line) -> line.contains(WARNING)).count();
	}

	private static ManagedChannel inProcess(ApplicationContext context) {
		return InProcessChannelBuilder
			.forName(context.getEnvironment().getRequiredProperty("local.grpc.in-process.name"))
			.directExecutor()
			.build();
	}

	/**
	 * Holds its thread until it is released.
	 */
	static class Handler {

		final Semaphore held = new Semaphore(0);

		final Semaphore release = new Semaphore(0);

		void hold() {
			this.held.release();
			this.release.acquireUninterruptibly();
		}

	}

	static class RouteGuide extends RouteGuideGrpc.RouteGuideImplBase {

		private final Handler handler;

		volatile Consumer<StreamObserver<RouteNote>> onChat = (responses) -> {
		};

		RouteGuide(Handler handler) {
			this.handler = handler;
		}

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			this.handler.hold();
			responses.onNext(Feature.newBuilder().setName(Thread.currentThread().getName()).build());
			responses.onCompleted();
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			this.onChat.accept(responses);
			return new StreamObserver<>() {

				@Override
				public void onNext(RouteNote note) {
					RouteGuide.this.handler.hold();
				}

				@Override
				public void onError(Throwable ex) {
				}

				@Override
				public void onCompleted() {
					responses.onCompleted();
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class DirectConfiguration {

		@Bean
		@GrpcService(executor = GrpcService.DIRECT)
		RouteGuide service(Handler handler) {
			return new RouteGuide(handler);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OrdinaryConfiguration {

		@Bean
		@GrpcService
		RouteGuide service(Handler handler) {
			return new RouteGuide(handler);
		}

	}

	/**
	 * What the outer handler does.
	 */
	static class Nested {

		volatile Supplier<String> inner = () -> "";

	}

	@Configuration(proxyBeanMethods = false)
	static class NestedConfiguration {

		@Bean
		Nested nested() {
			return new Nested();
		}

		@Bean
		@GrpcService(executor = GrpcService.DIRECT)
		OneMethodService outer(Nested nested) {
			return new OneMethodService("a.Outer", () -> nested.inner.get());
		}

		@Bean
		@GrpcService(executor = GrpcService.DIRECT)
		OneMethodService quick() {
			return new OneMethodService("a.Quick");
		}

		@Bean
		@GrpcService(executor = GrpcService.DIRECT)
		OneMethodService inner(Handler handler) {
			return new OneMethodService("a.Inner", () -> {
				handler.hold();
				return "done";
			});
		}

	}

}
