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
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.Http2Frame;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.RogueClient;
import io.github.lastcall.grpc.testing.RouteGuideConfiguration;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The message of a unary call is requested before a thread starts the call.
 */
@Timeout(60)
class RequestAheadTests {

	private static final String SERVICE = "test.Ahead";

	@Test
	void aUnaryCallWaitsForAThreadOnce() {
		run(new OneMethodService(SERVICE), (server) -> {
			server.call().message(true);
			assertThat(server.tasks).hasSize(1);
			server.tasks.remove().run();
			await().until(() -> server.client.received(Http2Frame.HEADERS) == 2);
			assertThat(server.ends.status.join().isOk()).isTrue();
		});
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aRequestIsHeldBackUntilTheHandlerRequestsIt(boolean halfClosedBefore) {
		LateHandler handler = new LateHandler();
		run(handler, (server) -> {
			server.call().message(halfClosedBefore).runTasks();
			ServerCall<Point, Feature> call = handler.call.join();
			assertThat(handler.events).isEmpty();
			call.request(1);
			assertThat(handler.events).isEmpty();
			server.runTasks();
			if (!halfClosedBefore) {
				assertThat(handler.events).containsExactly("message");
				server.halfClose().runTasks();
			}
			assertThat(handler.events).containsExactly("message", "half-close");
		});
	}

	@Test
	void aRequestThatArrivesLaterIsNotHeldBack() {
		LateHandler handler = new LateHandler();
		run(handler, (server) -> {
			server.call().runTasks();
			handler.call.join().request(1);
			server.runTasks();
			assertThat(handler.events).isEmpty();
			server.message(true).runTasks();
			assertThat(handler.events).containsExactly("message", "half-close");
		});
	}

	@Test
	void aSecondRequestEndsTheCall() {
		run(new OneMethodService(SERVICE), (server) -> {
			server.call().message(false).message(true).runTasks();
			assertThat(server.ends.status.join()).extracting(Status::getCode, Status::getDescription)
				.containsExactly(Status.Code.INTERNAL, "Too many requests");
		});
	}

	@Test
	void aSecondRequestEndsTheCallWhileTheFirstOneIsHeldBack() {
		LateHandler handler = new LateHandler();
		run(handler, (server) -> {
			server.call().message(false).message(true).runTasks();
			assertThat(server.ends.status.join()).extracting(Status::getCode, Status::getDescription)
				.containsExactly(Status.Code.INTERNAL, "Too many requests");
			handler.call.join().request(1);
			// The status is known before the event loop submits the cancellation.
			server.sent().runTasks();
			assertThat(handler.events).containsExactly("cancel");
		});
	}

	private static void run(BindableService service, Check check) {
		Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
		Ends ends = new Ends();
		GrpcServerContextRunner.create()
			.withUserConfiguration(RouteGuideConfiguration.class)
			.withPropertyValues("grpc.server.keep-alive.permit.time=1ms")
			.withBean(ServerExecutor.class, () -> ServerExecutor.of(tasks::add))
			.withBean(GrpcServerBuilderCustomizer.class,
					() -> (builder) -> builder.addService(service).addStreamTracerFactory(ends))
			.run((context) -> {
				try (RogueClient client = RogueClient.connect(GrpcClient.port(context)).preface()) {
					check.run(new Server(client, tasks, ends));
				}
			});
	}

	@FunctionalInterface
	private interface Check {

		void run(Server server) throws Exception;

	}

	/**
	 * A server whose callbacks run when the test says so, with one call. What is sent to
	 * it has been read when a method returns.
	 */
	private record Server(RogueClient client, Queue<Runnable> tasks, Ends ends) {

		Server call() throws IOException {
			this.client.call(1, SERVICE + "/Call");
			return sent();
		}

		Server message(boolean end) throws IOException {
			this.client.message(1, false, 0, new byte[0], end);
			return sent();
		}

		Server halfClose() throws IOException {
			this.client.frame(Http2Frame.DATA, Http2Frame.END_STREAM, 1);
			return sent();
		}

		private Server sent() throws IOException {
			int pings = this.client.received(Http2Frame.PING);
			this.client.ping().flush();
			await().until(() -> this.client.received(Http2Frame.PING) > pings);
			return this;
		}

		void runTasks() {
			for (Runnable task = this.tasks.poll(); task != null; task = this.tasks.poll()) {
				task.run();
			}
		}

	}

	/**
	 * Handler that does not request a message before the test does.
	 */
	private static final class LateHandler implements BindableService {

		private final CompletableFuture<ServerCall<Point, Feature>> call = new CompletableFuture<>();

		private final List<String> events = new CopyOnWriteArrayList<>();

		@Override
		public ServerServiceDefinition bindService() {
			return ServerServiceDefinition.builder(SERVICE)
				.addMethod(OneMethodService.method(SERVICE), (call, headers) -> {
					this.call.complete(call);
					return new Listener();
				})
				.build();
		}

		private final class Listener extends ServerCall.Listener<Point> {

			@Override
			public void onMessage(Point message) {
				LateHandler.this.events.add("message");
			}

			@Override
			public void onHalfClose() {
				LateHandler.this.events.add("half-close");
			}

			@Override
			public void onCancel() {
				LateHandler.this.events.add("cancel");
			}

		}

	}

	private static final class Ends extends ServerStreamTracer.Factory {

		private final CompletableFuture<Status> status = new CompletableFuture<>();

		@Override
		public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
			return new ServerStreamTracer() {

				@Override
				public void streamClosed(Status status) {
					Ends.this.status.complete(status);
				}

			};
		}

	}

}
