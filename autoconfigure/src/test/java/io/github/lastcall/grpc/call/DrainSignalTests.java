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

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.testing.Echo;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

/**
 * What a handler gets of the drain, on a real server.
 */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class DrainSignalTests {

	private static final RouteNote NOTE = RouteNote.newBuilder().setMessage("hello").build();

	@Test
	void aStreamThatListensEndsInItsOwnWordsAsSoonAsTheServerDrains() {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.propagation-delay=5s")) {
			app.routeGuide().onList = (responses) -> DrainSignal.current()
				.onDrain(() -> responses.onError(Status.ABORTED.withDescription("to be continued").asException()));
			Observer<Feature> call = list(app);
			CompletableFuture<Void> closed = app.closeAsync();
			app.awaitState(GrpcServerState.ANNOUNCING);
			app.drainTimer().advance(Duration.ofMillis(4999));
			assertThat(call.ended).isNotDone();
			app.drainTimer().advance(Duration.ofMillis(1));
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.ABORTED);
			assertThat(call.status().getDescription()).isEqualTo("to be continued");
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
		}
	}

	@Test
	void itComesAtOnceWhenTheServerDrainsAlready() {
		try (TestApplication app = TestApplication.run()) {
			app.routeGuide().onChat = (responses) -> new Echo(responses) {

				@Override
				public void onNext(RouteNote note) {
					DrainSignal signal = DrainSignal.current();
					if (signal.isDraining()) {
						signal.onDrain(responses::onCompleted);
					}
				}

			};
			Observer<RouteNote> call = new Observer<>();
			StreamObserver<RouteNote> requests = RouteGuideGrpc.newStub(app.channel()).routeChat(call);
			requests.onNext(NOTE);
			app.awaitStarted("RouteChat");
			app.closeAsync();
			app.awaitDraining();
			assertThat(call.ended).isNotDone();
			requests.onNext(NOTE);
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
		}
	}

	/**
	 * A server whose services all run on the event loop has no executor, and one in the
	 * same process has no event loop.
	 */
	@ParameterizedTest
	@CsvSource({ "platform, network, grpc-executor-N", "direct, network, grpc-worker-network-N-N",
			"platform, in-process, grpc-executor-N", "direct, in-process, client" })
	void itWaitsForTheCallbackThatRunsAndRunsOnTheExecutorOfTheCall(String executor, String transport, String thread)
			throws Exception {
		boolean inProcess = transport.equals("in-process");
		try (TestApplication app = TestApplication.run("grpc.server.executor.type=" + executor,
				"grpc.server.in-process.enabled=" + inProcess, "grpc.server.port=" + (inProcess ? -1 : 0))) {
			List<String> order = new CopyOnWriteArrayList<>();
			CountDownLatch inCallback = new CountDownLatch(1);
			CountDownLatch release = new CountDownLatch(1);
			app.routeGuide().onChat = (responses) -> {
				DrainSignal.current().onDrain(() -> {
					order.add("drain on " + Thread.currentThread().getName().replaceAll("\\d+", "N"));
					responses.onCompleted();
				});
				return new Echo(responses) {

					@Override
					public void onNext(RouteNote note) {
						inCallback.countDown();
						awaitLatch(release);
						order.add("callback");
					}

				};
			};
			Observer<RouteNote> call = new Observer<>();
			Thread client = new Thread(() -> RouteGuideGrpc.newStub(app.channel()).routeChat(call).onNext(NOTE),
					"client");
			client.start();
			assertThat(inCallback.await(30, TimeUnit.SECONDS)).isTrue();
			app.closeAsync();
			app.awaitDraining();
			assertThat(order).isEmpty();
			release.countDown();
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
			client.join();
			assertThat(order).containsExactly("callback", "drain on " + thread);
		}
	}

	@Test
	void callbacksThatArriveWhileItRunsComeAfterIt() throws Exception {
		try (TestApplication app = TestApplication.run()) {
			List<String> order = new CopyOnWriteArrayList<>();
			CountDownLatch inAction = new CountDownLatch(1);
			CountDownLatch release = new CountDownLatch(1);
			app.routeGuide().onChat = (responses) -> {
				DrainSignal.current().onDrain(() -> {
					inAction.countDown();
					awaitLatch(release);
					order.add("drain");
				});
				return new Echo(responses) {

					@Override
					public void onNext(RouteNote note) {
						order.add(note.getMessage());
						super.onNext(note);
					}

				};
			};
			Observer<RouteNote> call = new Observer<>();
			StreamObserver<RouteNote> requests = chat(app, call);
			app.closeAsync();
			assertThat(inAction.await(30, TimeUnit.SECONDS)).isTrue();
			requests.onNext(NOTE);
			requests.onCompleted();
			assertThat(call.messages).isEmpty();
			release.countDown();
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
			assertThat(order).containsExactly("drain", "hello");
			assertThat(call.messages).hasSize(1);
		}
	}

	@Test
	void itDoesNotComeToACallThatHasEndedAndKeepsNothingOfIt() {
		try (TestApplication app = TestApplication.run()) {
			AtomicInteger signals = new AtomicInteger();
			AtomicReference<@Nullable WeakReference<Runnable>> action = new AtomicReference<>();
			app.routeGuide().onList = (responses) -> {
				Runnable onDrain = new CountingAction(signals);
				action.set(new WeakReference<>(onDrain));
				DrainSignal.current().onDrain(onDrain);
				responses.onCompleted();
			};
			Observer<Feature> call = list(app);
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
			await().untilAsserted(() -> {
				System.gc();
				WeakReference<Runnable> reference = action.get();
				assertThat(reference).isNotNull();
				assertThat(reference.get()).isNull();
			});
			assertThat(app.closeAsync()).succeedsWithin(Duration.ofSeconds(30));
			assertThat(signals).hasValue(0);
		}
	}

	@Test
	void itTravelsWithTheContextOfTheCall() {
		try (TestApplication app = TestApplication.run()) {
			app.routeGuide().onList = (responses) -> {
				Runnable task = () -> DrainSignal.current().onDrain(responses::onCompleted);
				new Thread(Context.current().wrap(task), "worker").start();
			};
			Observer<Feature> call = list(app);
			app.closeAsync();
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
		}
	}

	@Test
	void anActionThatThrowsEndsTheCallAndTellsTheClientNothing(CapturedOutput output) {
		try (TestApplication app = TestApplication.run()) {
			app.routeGuide().onList = (responses) -> DrainSignal.current().onDrain(() -> {
				throw new IllegalStateException("secret");
			});
			Observer<Feature> call = list(app);
			app.closeAsync();
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.UNKNOWN);
			assertThat(call.status().getDescription()).doesNotContain("secret");
			await().untilAsserted(
					() -> assertThat(output).contains("The handler of routeguide.RouteGuide/ListFeatures failed")
						.contains("secret"));
		}
	}

	@Test
	void aRealDrainDuringASimulatedOneEndsWithItsLastCall() {
		try (TestApplication app = TestApplication.run()) {
			InFlightCalls calls = app.drain().getCalls();
			AtomicInteger signals = new AtomicInteger();
			app.routeGuide().onChat = (responses) -> {
				DrainSignal.current().onDrain(signals::incrementAndGet);
				return new Echo(responses);
			};
			calls.simulateDrain();
			Observer<RouteNote> before = new Observer<>();
			chat(app, before).onCompleted();
			assertThat(before.awaitEnd()).isEqualTo(Status.Code.OK);
			Observer<RouteNote> call = new Observer<>();
			StreamObserver<RouteNote> requests = chat(app, call);
			await().untilAsserted(() -> assertThat(signals).hasValue(2));
			await().untilAsserted(() -> assertThat(calls.count()).isEqualTo(1));
			assertThat(calls.endedWhileDraining()).isZero();
			CompletableFuture<Void> closed = app.closeAsync();
			app.awaitDraining();
			calls.endSimulatedDrain();
			requests.onCompleted();
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
		}
	}

	@Test
	void aSimulatedDrainDuringTheRealOneLeavesItAsItIs() {
		try (TestApplication app = TestApplication.run()) {
			app.routeGuide().onChat = (responses) -> new Echo(responses) {

				@Override
				public void onNext(RouteNote note) {
					if (DrainSignal.current().isDraining()) {
						responses.onCompleted();
					}
				}

			};
			Observer<RouteNote> call = new Observer<>();
			StreamObserver<RouteNote> requests = chat(app, call);
			CompletableFuture<Void> closed = app.closeAsync();
			app.awaitDraining();
			app.drain().getCalls().simulateDrain();
			app.drain().getCalls().endSimulatedDrain();
			requests.onNext(NOTE);
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
		}
	}

	@Test
	void outsideOfACallThereIsNone() {
		assertThatIllegalStateException().isThrownBy(DrainSignal::current).withMessageContaining("within a gRPC call");
	}

	private static StreamObserver<RouteNote> chat(TestApplication app, Observer<RouteNote> call) {
		StreamObserver<RouteNote> requests = RouteGuideGrpc.newStub(app.channel()).routeChat(call);
		app.awaitStarted("RouteChat");
		return requests;
	}

	private static Observer<Feature> list(TestApplication app) {
		Observer<Feature> call = new Observer<>();
		RouteGuideGrpc.newStub(app.channel()).listFeatures(Rectangle.getDefaultInstance(), call);
		app.awaitStarted("ListFeatures");
		return call;
	}

	private static void awaitLatch(CountDownLatch latch) {
		try {
			assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private record CountingAction(AtomicInteger count) implements Runnable {

		@Override
		public void run() {
			this.count.incrementAndGet();
		}

	}

}
