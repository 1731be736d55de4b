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
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.call.Connections;
import io.github.lastcall.grpc.call.DrainSignal;
import io.github.lastcall.grpc.call.InFlightCalls;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.executor.ServiceExecutors;
import io.github.lastcall.grpc.executor.ThreadServerTimer;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.server.GrpcServices;
import io.github.lastcall.grpc.testing.Echo;
import io.github.lastcall.grpc.testing.LoopbackServerFactory;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.github.lastcall.sample.routeguide.RouteSummary;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.ServerBuilder;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.support.StaticListableBeanFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A server is started and stopped at random moments under random calls. Whatever the
 * timing, every call ends exactly once with a status, every transition is a legal one,
 * and nothing is left.
 */
@Tag("full")
class RandomizedDrainTests {

	private static final int LIVES = 12;

	private static final int CALLS = 60;

	@ParameterizedTest
	@ValueSource(longs = { 1, 2, 3, 42, 4711, 20261122 })
	@Timeout(120)
	void everyCallEndsOnceAndNothingIsLeft(long seed) throws Exception {
		Random random = new Random(seed);
		ThreadServerTimer timer = new ThreadServerTimer("grpc-random-shutdown");
		ServerExecutor executor = ServerExecutor.platform(50, Integer.MAX_VALUE);
		InFlightCalls calls = new InFlightCalls(timer, Integer.MAX_VALUE, new Refusals("test", timer), () -> null);
		Connections connections = new Connections();
		List<GrpcServerState> states = new CopyOnWriteArrayList<>(List.of(GrpcServerState.STOPPED));
		ScheduledExecutorService later = Executors.newScheduledThreadPool(2);
		RandomService service = new RandomService(later);
		GrpcServerDrain drain = new GrpcServerDrain("random",
				new ShutdownSettings(millis(random, 30), millis(random, 10), Duration.ofMillis(40), millis(random, 60),
						millis(random, 40), Duration.ofMillis(2000)),
				calls, connections, timer, Clock.systemUTC(), (event) -> {
				}, List.of((server, from, to) -> {
					assertThat(states).last().isEqualTo(from);
					states.add(to);
				}));
		CompletableFuture<Integer> port = new CompletableFuture<>();
		List<CompletableFuture<Integer>> ports = new CopyOnWriteArrayList<>();
		GrpcServerBuilderCustomizer<ServerBuilder<?>> track = (
				builder) -> builder.addStreamTracerFactory(calls.tracerFactory()).addTransportFilter(connections);
		GrpcServices services = new GrpcServices(
				List.of(new GrpcServices.Registration("service", annotation(),
						ServerInterceptors.interceptForward(service.bindService(), List.of(calls.interceptor())))),
				List.of());
		GrpcServerLifecycle lifecycle = new GrpcServerLifecycle("random", 0, () -> services,
				new LoopbackServerFactory(),
				new GrpcServerBuilderCustomizers(new ServiceExecutors(executor, new StaticListableBeanFactory()),
						calls::guard, List.of(track)),
				drain, new Interruption(),
				(server, timeTaken) -> ports.get(ports.size() - 1).complete(server.getPort()));
		List<RandomCall<?>> all = new ArrayList<>();
		List<ManagedChannel> channels = new ArrayList<>();
		try {
			for (int life = 0; life < LIVES; life++) {
				port = new CompletableFuture<>();
				ports.add(port);
				drain.applicationReady(random.nextInt(8) != 0);
				lifecycle.start();
				ManagedChannel[] open = new ManagedChannel[1 + random.nextInt(3)];
				for (int i = 0; i < open.length; i++) {
					open[i] = NettyChannelBuilder.forAddress("localhost", port.join()).usePlaintext().build();
					channels.add(open[i]);
				}
				int stopAt = random.nextInt(CALLS);
				CompletableFuture<Void> stopped = new CompletableFuture<>();
				for (int i = 0; i < CALLS; i++) {
					if (i == stopAt) {
						stop(drain, lifecycle, later, random, stopped);
					}
					all.add(call(open[random.nextInt(open.length)], random));
					if (random.nextInt(4) == 0) {
						TimeUnit.MICROSECONDS.sleep(random.nextInt(1500));
					}
				}
				assertThat(stopped).succeedsWithin(Duration.ofSeconds(30));
				assertThat(drain.isRunning()).isFalse();
				// Fail-fast calls to a server that is gone end by themselves; nobody may
				// hang.
				for (RandomCall<?> call : all) {
					call.awaitEnd();
				}
				assertThat(calls.count()).isZero();
				assertThat(calls.byMethod()).isEmpty();
				await().until(() -> connections.count() == 0);
			}
		}
		finally {
			channels.forEach(ManagedChannel::shutdownNow);
			for (ManagedChannel channel : channels) {
				channel.awaitTermination(30, TimeUnit.SECONDS);
			}
			later.shutdownNow();
			timer.destroy();
			executor.destroy();
		}
		assertThat(all).hasSize(LIVES * CALLS).allSatisfy((call) -> assertThat(call.ends).hasValue(1));
		assertThatTransitionsAreLegal(states);
		assertThat(service.unexpected).isEmpty();
		await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName)
			.noneMatch((name) -> name.equals("grpc-server-random") || name.equals("grpc-random-shutdown")));
	}

	private static void stop(GrpcServerDrain drain, GrpcServerLifecycle lifecycle, ScheduledExecutorService later,
			Random random, CompletableFuture<Void> stopped) {
		Runnable stop = () -> lifecycle.stop(() -> stopped.complete(null));
		switch (random.nextInt(4)) {
			case 0 -> announceAndThen(drain, stop);
			case 1 -> stop.run();
			case 2 -> {
				drain.hold();
				drain.resume();
				drain.hold();
				later.execute(() -> announceAndThen(drain, stop));
			}
			default -> {
				// From two threads at once.
				later.execute(() -> announceAndThen(drain, () -> lifecycle.stop(() -> {
				})));
				later.execute(() -> announceAndThen(drain, stop));
			}
		}
	}

	private static void announceAndThen(GrpcServerDrain drain, Runnable stop) {
		drain.announce();
		drain.afterAnnouncement(stop);
	}

	private static RandomCall<?> call(ManagedChannel channel, Random random) throws Exception {
		RouteGuideGrpc.RouteGuideStub stub = RouteGuideGrpc.newStub(channel);
		Context.CancellableContext context = Context.current().withCancellation();
		RandomCall<?> call = context.call(() -> {
			switch (random.nextInt(4)) {
				case 0 -> {
					RandomCall<Feature> unary = new RandomCall<>(context);
					stub.getFeature(Point.newBuilder().setLatitude(random.nextInt(40)).build(), unary);
					return unary;
				}
				case 1 -> {
					RandomCall<Feature> list = new RandomCall<>(context);
					stub.listFeatures(
							Rectangle.newBuilder().setLo(Point.newBuilder().setLatitude(random.nextInt(2))).build(),
							list);
					return list;
				}
				case 2 -> {
					RandomCall<RouteSummary> record = new RandomCall<>(context);
					StreamObserver<Point> points = stub.recordRoute(record);
					points.onNext(Point.getDefaultInstance());
					if (random.nextBoolean()) {
						points.onCompleted();
					}
					return record;
				}
				default -> {
					RandomCall<RouteNote> chat = new RandomCall<>(context);
					StreamObserver<RouteNote> notes = stub.routeChat(chat);
					notes.onNext(RouteNote.getDefaultInstance());
					notes.onNext(RouteNote.getDefaultInstance());
					if (random.nextBoolean()) {
						notes.onCompleted();
					}
					return chat;
				}
			}
		});
		if (random.nextInt(10) == 0) {
			context.cancel(null);
		}
		return call;
	}

	private static void assertThatTransitionsAreLegal(List<GrpcServerState> states) {
		for (int i = 1; i < states.size(); i++) {
			GrpcServerState to = states.get(i);
			assertThat(to).as("transition %d of %s", i, states).isIn(switch (states.get(i - 1)) {
				case STOPPED -> List.of(GrpcServerState.STARTING);
				case STARTING -> List.of(GrpcServerState.SERVING, GrpcServerState.DRAINING);
				case SERVING -> List.of(GrpcServerState.ANNOUNCING, GrpcServerState.DRAINING);
				case ANNOUNCING -> List.of(GrpcServerState.SERVING, GrpcServerState.DRAINING);
				case DRAINING -> List.of(GrpcServerState.FORCING, GrpcServerState.STOPPED);
				case FORCING -> List.of(GrpcServerState.STOPPED);
			});
		}
		assertThat(states).last().isEqualTo(GrpcServerState.STOPPED);
	}

	private static Duration millis(Random random, int bound) {
		return Duration.ofMillis(random.nextInt(bound));
	}

	private static GrpcService annotation() {
		GrpcService annotation = RandomService.class.getAnnotation(GrpcService.class);
		assertThat(annotation).isNotNull();
		return annotation;
	}

	/**
	 * A call that must end exactly once.
	 */
	private static final class RandomCall<T> implements StreamObserver<T> {

		final AtomicInteger ends = new AtomicInteger();

		private final CountDownLatch ended = new CountDownLatch(1);

		private final Context.CancellableContext context;

		RandomCall(Context.CancellableContext context) {
			this.context = context;
		}

		void awaitEnd() throws InterruptedException {
			assertThat(this.ended.await(30, TimeUnit.SECONDS)).isTrue();
			this.context.cancel(null);
		}

		@Override
		public void onNext(T message) {
		}

		@Override
		public void onError(Throwable ex) {
			end();
		}

		@Override
		public void onCompleted() {
			end();
		}

		private void end() {
			this.ends.incrementAndGet();
			this.ended.countDown();
		}

	}

	/**
	 * Answers at once, late, from other threads, at the drain signal, or never.
	 */
	@GrpcService
	private static final class RandomService extends RouteGuideGrpc.RouteGuideImplBase {

		final List<Throwable> unexpected = new CopyOnWriteArrayList<>();

		private final ScheduledExecutorService later;

		RandomService(ScheduledExecutorService later) {
			this.later = later;
		}

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			Runnable answer = () -> {
				try {
					responses.onNext(Feature.getDefaultInstance());
					responses.onCompleted();
				}
				catch (IllegalStateException ex) {
					this.unexpected.add(ex);
				}
			};
			((ServerCallStreamObserver<Feature>) responses).setOnCancelHandler(() -> {
			});
			if (request.getLatitude() < 20) {
				answer.run();
			}
			else {
				this.later.schedule(answer, request.getLatitude(), TimeUnit.MILLISECONDS);
			}
		}

		@Override
		public void listFeatures(Rectangle request, StreamObserver<Feature> responses) {
			((ServerCallStreamObserver<Feature>) responses).setOnCancelHandler(() -> {
			});
			responses.onNext(Feature.getDefaultInstance());
			if (request.getLo().getLatitude() == 0) {
				DrainSignal.current().onDrain(() -> {
					responses.onNext(Feature.getDefaultInstance());
					responses.onCompleted();
				});
			}
		}

		@Override
		public StreamObserver<Point> recordRoute(StreamObserver<RouteSummary> responses) {
			return new StreamObserver<>() {

				@Override
				public void onNext(Point point) {
				}

				@Override
				public void onError(Throwable ex) {
				}

				@Override
				public void onCompleted() {
					responses.onNext(RouteSummary.getDefaultInstance());
					responses.onCompleted();
				}

			};
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			((ServerCallStreamObserver<RouteNote>) responses).setOnCancelHandler(() -> {
			});
			DrainSignal.current().onDrain(() -> responses.onError(Status.ABORTED.asException()));
			return new Echo(responses) {

				@Override
				public void onNext(RouteNote note) {
					if (!DrainSignal.current().isDraining()) {
						super.onNext(note);
					}
				}

				@Override
				public void onCompleted() {
					if (!DrainSignal.current().isDraining()) {
						super.onCompleted();
					}
				}

			};
		}

	}

}
