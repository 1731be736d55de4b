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

package io.github.lastcall.grpc.lifecycle;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.github.lastcall.grpc.call.Connections;
import io.github.lastcall.grpc.call.InFlightCalls;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.executor.ServiceExecutors;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.server.GrpcServices;
import io.github.lastcall.grpc.testing.HeldRouteGuide;
import io.github.lastcall.grpc.testing.LoopbackServerFactory;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.ManagedChannel;
import io.grpc.ServerBuilder;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.support.GenericApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Two servers in one context drain side by side.
 */
@Timeout(60)
class TwoServersTests {

	private final ManualServerTimer timer = new ManualServerTimer();

	private final Interruption interruption = new Interruption();

	private final ServerExecutor executor = ServerExecutor.platform(4, Integer.MAX_VALUE);

	@Test
	void aShutdownTakesAsLongAsTheLongestAndNotTheSum() {
		One first = new One("first", ShutdownSettings.of(Duration.ofSeconds(5), Duration.ofSeconds(7), Duration.ZERO));
		One second = new One("second",
				ShutdownSettings.of(Duration.ofSeconds(8), Duration.ofSeconds(9), Duration.ZERO));
		GenericApplicationContext context = new GenericApplicationContext();
		context.registerBean("first", GrpcServerLifecycle.class, () -> first.lifecycle);
		context.registerBean("second", GrpcServerLifecycle.class, () -> second.lifecycle);
		context.registerBean(GrpcAnnounceLifecycle.class,
				() -> new GrpcAnnounceLifecycle(List.of(first.drain, second.drain), this.interruption));
		context.addApplicationListener((ApplicationListener<ContextClosedEvent>) (event) -> {
			first.drain.announce();
			second.drain.announce();
		});
		context.refresh();
		try {
			Observer<Feature> callOfFirst = first.call();
			Observer<Feature> callOfSecond = second.call();

			CompletableFuture<Void> closed = CompletableFuture.runAsync(context::close,
					(task) -> new Thread(task).start());
			await().until(() -> first.isIn(GrpcServerState.ANNOUNCING) && second.isIn(GrpcServerState.ANNOUNCING));
			this.timer.advance(Duration.ofSeconds(5));
			assertThat(first.isIn(GrpcServerState.ANNOUNCING)).isTrue();
			this.timer.advance(Duration.ofSeconds(3));
			await().until(() -> first.isIn(GrpcServerState.DRAINING) && second.isIn(GrpcServerState.DRAINING)
					&& this.timer.pending() == 2);
			this.timer.advance(Duration.ofSeconds(7));
			assertThat(callOfFirst.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(callOfSecond.ended).isNotDone();
			this.timer.advance(Duration.ofSeconds(2));
			assertThat(callOfSecond.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
			assertThat(this.timer.nanoTime()).isEqualTo(Duration.ofSeconds(8 + 9).toNanos());
		}
		finally {
			first.channel().shutdownNow();
			second.channel().shutdownNow();
			context.close();
			this.executor.destroy();
			this.timer.destroy();
		}
	}

	private final class One {

		private final GrpcServerDrain drain;

		private final GrpcServerLifecycle lifecycle;

		private ManagedChannel channel = NettyChannelBuilder.forTarget("localhost:1").usePlaintext().build();

		One(String name, ShutdownSettings settings) {
			InFlightCalls calls = new InFlightCalls(TwoServersTests.this.timer, 1000,
					new Refusals("test", TwoServersTests.this.timer), () -> null);
			Connections connections = new Connections();
			this.drain = new GrpcServerDrain(name, settings, calls, connections, TwoServersTests.this.timer,
					Clock.systemUTC(), (event) -> {
					}, List.of());
			this.drain.applicationReady(true);
			GrpcServerBuilderCustomizer<ServerBuilder<?>> track = (
					builder) -> builder.addStreamTracerFactory(calls.tracerFactory()).addTransportFilter(connections);
			GrpcService annotation = HeldRouteGuide.class.getAnnotation(GrpcService.class);
			assertThat(annotation).isNotNull();
			GrpcServices services = new GrpcServices(List.of(new GrpcServices.Registration(name, annotation,
					ServerInterceptors.interceptForward(new HeldRouteGuide(new HeldRouteGuide.Resource()).bindService(),
							List.of(calls.interceptor())))),
					List.of());
			this.lifecycle = new GrpcServerLifecycle(name, GrpcServerLifecycle.PHASE, () -> services,
					new LoopbackServerFactory(),
					new GrpcServerBuilderCustomizers(
							new ServiceExecutors(TwoServersTests.this.executor, new StaticListableBeanFactory()),
							calls::guard, List.of(track)),
					this.drain, TwoServersTests.this.interruption, (server, timeTaken) -> {
					});
		}

		ManagedChannel channel() {
			return this.channel;
		}

		/**
		 * A stream that stays open.
		 */
		Observer<Feature> call() {
			GrpcServer server = this.drain.getStatus().server();
			assertThat(server).isNotNull();
			this.channel.shutdownNow();
			this.channel = NettyChannelBuilder.forAddress("localhost", server.getPort()).usePlaintext().build();
			Observer<Feature> call = new Observer<>();
			RouteGuideGrpc.newStub(this.channel).listFeatures(Rectangle.getDefaultInstance(), call);
			call.awaitMessages(1);
			return call;
		}

		boolean isIn(GrpcServerState state) {
			return this.drain.getStatus().state() == state;
		}

	}

}
