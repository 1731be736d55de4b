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

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import io.github.lastcall.grpc.autoconfigure.GrpcServerProperties.ExecutorType;
import io.github.lastcall.grpc.testing.HeldRouteGuide;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.OnEachExecutor;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A shutdown loses no call, wherever calls run.
 */
@Timeout(60)
class DrainOnEachExecutorTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	@OnEachExecutor
	void aCallInFlightEndsWithItsAnswer(ExecutorType executor) {
		try (TestApplication app = run(executor)) {
			Observer<Feature> call = new Observer<>();
			RouteGuideGrpc.newStub(app.channel()).getFeature(HeldRouteGuide.LATE, call);
			app.awaitStarted("GetFeature");
			CompletableFuture<Void> closed = drain(app);
			app.drainTimer().advance(Duration.ofSeconds(19));
			assertThat(call.ended).isNotDone();
			app.routeGuide().release();
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
			assertThat(call.messages).extracting(Feature::getName).containsExactly("late");
			assertThat(app.routeGuide().resourceDestroyedAtEnd).succeedsWithin(TIMEOUT).isEqualTo(false);
			assertThat(closed).succeedsWithin(TIMEOUT);
		}
	}

	@OnEachExecutor
	void aStreamInFlightGoesOnAndEndsInItsOwnTime(ExecutorType executor) {
		try (TestApplication app = run(executor)) {
			Observer<RouteNote> call = new Observer<>();
			StreamObserver<RouteNote> requests = chat(app, call);
			CompletableFuture<Void> closed = drain(app);
			requests.onNext(RouteNote.getDefaultInstance());
			call.awaitMessages(1);
			requests.onCompleted();
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
			assertThat(closed).succeedsWithin(TIMEOUT);
		}
	}

	@OnEachExecutor
	void aStreamThatOutlivesTheGracePeriodIsClosedWithAReasonWhileItsBeansLive(ExecutorType executor) {
		try (TestApplication app = run(executor)) {
			Observer<RouteNote> call = new Observer<>();
			chat(app, call);
			CompletableFuture<Void> closed = drain(app);
			app.drainTimer().advance(Duration.ofSeconds(20));
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(call.status().getDescription()).contains("shutting down");
			assertThat(app.routeGuide().resourceDestroyedAtCancel).succeedsWithin(TIMEOUT).isEqualTo(false);
			assertThat(closed).succeedsWithin(TIMEOUT);
		}
	}

	private static TestApplication run(ExecutorType executor) {
		return TestApplication.run("grpc.server.executor.type=" + executor);
	}

	private static StreamObserver<RouteNote> chat(TestApplication app, Observer<RouteNote> call) {
		StreamObserver<RouteNote> requests = RouteGuideGrpc.newStub(app.channel()).routeChat(call);
		app.awaitStarted("RouteChat");
		return requests;
	}

	private static CompletableFuture<Void> drain(TestApplication app) {
		CompletableFuture<Void> closed = app.closeAsync();
		app.awaitDraining();
		return closed;
	}

}
