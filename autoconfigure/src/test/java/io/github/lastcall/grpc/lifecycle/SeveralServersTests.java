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
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.HeldRouteGuide;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.context.event.ContextClosedEvent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * An application with two servers, one of which is down long before the other.
 */
@Timeout(60)
class SeveralServersTests {

	private static final String IN_PROCESS = "grpc.server.in-process.enabled=true";

	@ParameterizedTest
	@ValueSource(strings = { "network", "in-process" })
	void anInterruptedShutdownWaitsForTheCallsOfEachServerAndStaysInterrupted(String first) throws Exception {
		try (TestApplication app = TestApplication.run(IN_PROCESS); GrpcClient network = GrpcClient.of(app.port())) {
			boolean networkFirst = first.equals("network");
			String last = networkFirst ? "in-process" : "network";
			ClientCall<Rectangle, Feature> stream = stream(app, networkFirst ? network.channel() : app.channel());
			Observer<Feature> call = lateCall(app, networkFirst ? app.channel() : network.channel(),
					new AtomicReference<>());
			app.context().addApplicationListener((ContextClosedEvent event) -> Thread.currentThread().interrupt());
			CompletableFuture<Boolean> closed = new CompletableFuture<>();
			Thread closer = new Thread(() -> {
				app.context().close();
				closed.complete(Thread.currentThread().isInterrupted());
			}, "interrupted-closer");
			closer.start();
			await().until(() -> state(app, first) == GrpcServerState.DRAINING
					&& state(app, last) == GrpcServerState.DRAINING && closer.getState() == Thread.State.TIMED_WAITING);

			stream.cancel("on purpose", null);

			await().until(() -> state(app, first) == GrpcServerState.STOPPED);
			// Real time, in which a shutdown that does not wait has the chance to show
			// it.
			new CountDownLatch(1).await(50, TimeUnit.MILLISECONDS);
			assertThat(closed).isNotDone();
			app.routeGuide().release();
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
			assertThat(app.routeGuide().resourceDestroyedAtEnd).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(false);
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(true);
		}
	}

	@Test
	void envoyIsToldToGoElsewhereUntilTheLastServerIsDown() {
		try (TestApplication app = TestApplication.run(IN_PROCESS, "grpc.server.shutdown.envoy-header=true");
				GrpcClient client = GrpcClient.of(app.port())) {
			AtomicReference<Metadata> headers = new AtomicReference<>();
			Observer<Feature> call = lateCall(app, client.channel(), headers);
			app.closeAsync();
			await().until(() -> state(app, "in-process") == GrpcServerState.STOPPED);
			assertThat(app.state()).isEqualTo(GrpcServerState.DRAINING);
			app.routeGuide().release();
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
			assertThat(Objects.requireNonNull(headers.get()).containsKey(EnvoyHealthHeader.HEADER)).isTrue();
		}
	}

	private static Observer<Feature> lateCall(TestApplication app, Channel channel, AtomicReference<Metadata> headers) {
		Observer<Feature> call = new Observer<>();
		RouteGuideGrpc.newStub(channel)
			.withInterceptors(MetadataUtils.newCaptureMetadataInterceptor(headers, new AtomicReference<>()))
			.getFeature(HeldRouteGuide.LATE, call);
		app.awaitStarted("GetFeature");
		return call;
	}

	/**
	 * A stream that stays open until it is cancelled.
	 */
	private static ClientCall<Rectangle, Feature> stream(TestApplication app, Channel channel) {
		ClientCall<Rectangle, Feature> stream = channel.newCall(RouteGuideGrpc.getListFeaturesMethod(),
				CallOptions.DEFAULT);
		ClientCalls.asyncServerStreamingCall(stream, Rectangle.getDefaultInstance(), new Observer<>());
		app.awaitStarted("ListFeatures");
		return stream;
	}

	private static GrpcServerState state(TestApplication app, String server) {
		return app.context()
			.getBeanProvider(GrpcServerDrain.class)
			.stream()
			.filter((drain) -> drain.getName().equals(server))
			.map((drain) -> drain.getStatus().state())
			.findFirst()
			.orElseThrow();
	}

}
