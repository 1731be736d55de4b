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

package io.github.lastcall.grpc.security;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.github.lastcall.grpc.autoconfigure.GrpcServerProperties.ExecutorType;
import io.github.lastcall.grpc.executor.NettyEventLoop;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The threads of calls, after callbacks that have failed and changed the caller, and
 * those of the application.
 */
@Timeout(120)
class CallerRestoredTests {

	private static final Authentication OWN = new TestingAuthenticationToken("own", "");

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withBean(Failing.class)
		.withBean(GrpcAuthenticationConverter.class, () -> CallerDuringCallTests.users().nonBlocking())
		.withPropertyValues("grpc.server.address=127.0.0.1");

	@ParameterizedTest
	@EnumSource(names = { "DIRECT", "PLATFORM" })
	void aCallbackThatThrowsLeavesNoCallerOnItsThread(ExecutorType executor) {
		this.runner.withPropertyValues("grpc.server.executor.type=" + executor, "grpc.server.executor.threads=1")
			.run((context) -> {
				Failing handler = context.getBean(Failing.class);
				Executor pool = context.getBean(ServerExecutor.class).get();
				try (GrpcClient client = GrpcClient.of(context)) {
					for (String callback : List.of("start", "message", "completed", "cancel")) {
						fail(client, handler, callback);
						Executor thread = (handler.eventLoop != null) ? handler.eventLoop : pool;
						FutureTask<String> look = new FutureTask<>(
								() -> Thread.currentThread().getName() + " " + CallerRouteGuide.caller());
						thread.execute(look);
						assertThat(look.get(60, TimeUnit.SECONDS)).as(callback).isEqualTo(handler.thread + " nobody");
						assertThat(handler.callers).as(callback)
							.containsKey(callback)
							.allSatisfy((each, caller) -> assertThat(caller).as(each).isEqualTo("alice"));
						assertThat(client.routeGuide().listFeatures(Rectangle.getDefaultInstance()).next().getName())
							.isEqualTo("nobody");
					}
				}
			});
	}

	@Test
	void aThreadOfTheApplicationThatEndsACallKeepsItsOwnCaller() {
		this.runner.run((context) -> {
			Failing handler = context.getBean(Failing.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				for (String own : List.of("nobody", "own")) {
					CompletableFuture<String> after = new CompletableFuture<>();
					handler.onFeature = (responses) -> new Thread(() -> {
						if (own.equals("own")) {
							SecurityContextHolder.getContext().setAuthentication(OWN);
						}
						responses.onError(Status.ABORTED.asRuntimeException());
						after.complete(CallerRouteGuide.caller());
					}).start();
					assertThatExceptionOfType(StatusRuntimeException.class)
						.isThrownBy(() -> CallerDuringCallTests.name(client, "alice"))
						.withMessage("ABORTED");
					assertThat(after.get(60, TimeUnit.SECONDS)).isEqualTo(own);
				}
			}
		});
	}

	@Test
	void aClientOnTheThreadOfTheHandlerKeepsItsOwnCaller() {
		this.runner
			.withPropertyValues("grpc.server.executor.type=direct", "grpc.server.in-process.enabled=true",
					"grpc.server.in-process.name=restored")
			.run((context) -> {
				Failing handler = context.getBean(Failing.class);
				handler.onFeature = (responses) -> {
					handler.thread = Thread.currentThread().getName();
					responses.onNext(Feature.newBuilder().setName(CallerRouteGuide.caller()).build());
					responses.onCompleted();
				};
				SecurityContextHolder.getContext().setAuthentication(OWN);
				try (GrpcClient client = GrpcClient.of(InProcessChannelBuilder.forName("restored").directExecutor())) {
					assertThat(CallerDuringCallTests.name(client, "alice")).isEqualTo("alice");
					assertThat(handler.thread).isEqualTo(Thread.currentThread().getName());
					assertThat(CallerRouteGuide.caller()).isEqualTo("own");
				}
				finally {
					SecurityContextHolder.clearContext();
				}
			});
	}

	private static void fail(GrpcClient client, Failing handler, String callback) throws InterruptedException {
		handler.failing = callback;
		handler.callers.clear();
		Observer<RouteNote> answers = new Observer<>();
		ClientCallStreamObserver<RouteNote> requests = (ClientCallStreamObserver<RouteNote>) CallerDuringCallTests
			.stub(client, "alice")
			.routeChat(answers);
		requests.onNext(RouteNote.getDefaultInstance());
		if (callback.equals("cancel")) {
			answers.awaitMessages(1);
			requests.cancel("enough", null);
		}
		else if (callback.equals("completed")) {
			requests.onCompleted();
		}
		assertThat(answers.awaitEnd()).isNotEqualTo(Status.Code.OK);
		assertThat(handler.failed.tryAcquire(60, TimeUnit.SECONDS)).as(callback).isTrue();
	}

	@GrpcService
	static class Failing extends RouteGuideGrpc.RouteGuideImplBase {

		final Map<String, String> callers = new ConcurrentHashMap<>();

		final Semaphore failed = new Semaphore(0);

		volatile String failing = "";

		volatile @Nullable Executor eventLoop;

		volatile String thread = "";

		volatile Consumer<StreamObserver<Feature>> onFeature = StreamObserver::onCompleted;

		private void called(String callback) {
			this.callers.put(callback, CallerRouteGuide.caller());
			if (callback.equals(this.failing)) {
				SecurityContextHolder.getContext().setAuthentication(new TestingAuthenticationToken("another", ""));
				this.eventLoop = NettyEventLoop.current();
				this.thread = Thread.currentThread().getName();
				this.failed.release();
				throw new IllegalStateException("Failed in " + callback);
			}
		}

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			this.onFeature.accept(responses);
		}

		@Override
		public void listFeatures(Rectangle request, StreamObserver<Feature> responses) {
			responses.onNext(Feature.newBuilder().setName(CallerRouteGuide.caller()).build());
			responses.onCompleted();
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			called("start");
			((ServerCallStreamObserver<RouteNote>) responses).setOnCancelHandler(() -> called("cancel"));
			return new StreamObserver<>() {

				@Override
				public void onNext(RouteNote note) {
					called("message");
					responses.onNext(note);
				}

				@Override
				public void onError(Throwable ex) {
				}

				@Override
				public void onCompleted() {
					called("completed");
					responses.onCompleted();
				}

			};
		}

	}

}
