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

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import com.google.common.util.concurrent.ListenableFuture;
import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.Held;
import io.github.lastcall.grpc.testing.HeldThreads;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Calls that end while they wait for a thread.
 */
@Timeout(60)
class ExpiredCallTests {

	private static final int COUNT = 20;

	@Test
	void noHandlerIsStartedForACallThatIsPastItsDeadlineWhenAThreadIsFree() {
		run((context, client) -> {
			Held held = context.getBean(Held.class);
			ListenableFuture<Feature> first = Held.call(client);
			held.entered.acquire();
			List<ListenableFuture<Feature>> waiting = new ArrayList<>();
			for (int i = 0; i < COUNT; i++) {
				waiting.add(count(client, Deadline.after(1, TimeUnit.SECONDS)));
			}
			await().until(() -> ServersOf.calls(context).count() == COUNT + 1);
			waiting.forEach((call) -> assertThat(call).failsWithin(Duration.ofSeconds(30)));
			await().until(() -> ServersOf.calls(context).count() == 1);
			held.release.countDown();
			first.get();
			assertThat(count(client, Deadline.after(30, TimeUnit.SECONDS)).get().getName()).isEqualTo("1");
			await().untilAsserted(() -> assertThat(ServersOf.calls(context).expired()).isEqualTo(COUNT));
		});
	}

	/**
	 * grpc-java cancels calls past their deadline on the event loop, which may be late.
	 */
	@Test
	void theDeadlineIsCheckedEvenWhileTheEventLoopIsBusy() {
		run((context, client) -> {
			Held held = context.getBean(Held.class);
			HeldLoop loop = context.getBean(HeldLoop.class);
			ListenableFuture<Feature> first = Held.call(client);
			held.entered.acquire();
			Deadline deadline = Deadline.after(1, TimeUnit.SECONDS);
			ListenableFuture<Feature> waiting = count(client, deadline);
			await().until(() -> ServersOf.calls(context).count() == 2);
			ListenableFuture<Feature> holder = call(client, HeldLoop.SERVICE, CallOptions.DEFAULT);
			loop.held.entered.acquire();
			await().until(() -> deadline.offset(200, TimeUnit.MILLISECONDS).isExpired());
			held.release.countDown();
			await().untilAsserted(() -> assertThat(ServersOf.calls(context).expired()).isOne());
			assertThat(context.getBean(Counting.class).calls).hasValue(0);
			loop.held.release.countDown();
			first.get();
			holder.get();
			assertThat(waiting).failsWithin(Duration.ofSeconds(30));
			await().until(() -> ServersOf.calls(context).count() == 0);
		});
	}

	/**
	 * The queue keeps what is left of a limited number of calls that were cancelled in
	 * it.
	 */
	@Test
	void noHandlerIsStartedForACancelledCallThatKeptItsPlaceInTheQueue() {
		Queued queued = new Queued();
		while (queued.call.method().run().mayWithdraw()) {
			queued.call.method().run().withdrawn();
		}
		queued.call.streamClosed(Status.CANCELLED);
		assertThat(queued.queue).hasSize(1);
		assertThat(queued.calls.count()).isOne();
		queued.queue.get(0).run();
		assertThat(queued.started).hasValue(0);
		assertThat(queued.calls.expired()).isOne();
		assertThat(queued.calls.count()).isZero();
	}

	@Test
	void noHandlerIsStartedForACallWhoseContextIsCancelledBeforeItsStreamIsClosed() {
		Queued queued = new Queued();
		queued.context.cancel(null);
		queued.timer.advance(Duration.ofSeconds(1));
		queued.queue.get(0).run();
		assertThat(queued.started).hasValue(0);
		assertThat(queued.calls.expired()).isOne();
		assertThat(queued.call.closeStatus().byServer()).isNotNull()
			.extracting(Status::getCode)
			.isEqualTo(Status.Code.CANCELLED);
		queued.call.streamClosed(Status.CANCELLED);
		assertThat(queued.calls.count()).isZero();
		assertThat(queued.calls.expired()).isOne();
	}

	@Test
	void theHandlerIsStartedForACallThatHasWaitedAndNotEnded() {
		Queued queued = new Queued();
		queued.timer.advance(Duration.ofSeconds(1));
		queued.queue.get(0).run();
		assertThat(queued.started).hasValue(1);
		assertThat(queued.calls.expired()).isZero();
	}

	private static ListenableFuture<Feature> count(GrpcClient client, Deadline deadline) {
		return call(client, Counting.SERVICE, CallOptions.DEFAULT.withDeadline(deadline));
	}

	private static ListenableFuture<Feature> call(GrpcClient client, String service, CallOptions options) {
		return ClientCalls.futureUnaryCall(client.channel().newCall(OneMethodService.method(service), options),
				Point.getDefaultInstance());
	}

	private static void run(Check check) {
		GrpcServerContextRunner.create()
			.withUserConfiguration(Held.class, Counting.class, HeldLoop.class)
			.withPropertyValues("grpc.server.executor.threads=1")
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					check.run(context, client);
				}
				finally {
					context.getBean(Held.class).release.countDown();
					context.getBean(HeldLoop.class).held.release.countDown();
				}
			});
	}

	@FunctionalInterface
	private interface Check {

		void run(ApplicationContext context, GrpcClient client) throws Exception;

	}

	/**
	 * A call that waits in the queue of its executor.
	 */
	private static final class Queued {

		private final ManualServerTimer timer = new ManualServerTimer();

		private final InFlightCalls calls = new InFlightCalls(this.timer, 1, new Refusals("test", this.timer),
				() -> null);

		private final Context.CancellableContext context = Context.ROOT.withCancellation();

		private final List<Runnable> queue = new ArrayList<>();

		private final AtomicInteger started = new AtomicInteger();

		private final InFlightCall call = this.calls.track("a.B/C", false);

		Queued() {
			ServerCall<String, String> serverCall = new TrackedServerCallInterleavingTests.RecordingCall();
			Executor executor = this.call.begin(serverCall, new Metadata(), this.queue::add);
			Runnable start = () -> this.call.start(serverCall, new Metadata(), (c, headers) -> {
				this.started.incrementAndGet();
				return new ServerCall.Listener<>() {
				};
			});
			executor.execute(new Serializer(this.context.wrap(start)));
		}

	}

	private record Serializer(Runnable callbacks) implements Runnable, Executor {

		@Override
		public void run() {
			this.callbacks.run();
		}

		@Override
		public void execute(Runnable command) {
			command.run();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Counting {

		static final String SERVICE = "a.Counting";

		final AtomicInteger calls = new AtomicInteger();

		@Bean
		@GrpcService
		OneMethodService countingService() {
			return new OneMethodService(SERVICE, () -> String.valueOf(this.calls.incrementAndGet()));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class HeldLoop {

		static final String SERVICE = "a.HeldLoop";

		final HeldThreads held = new HeldThreads();

		@Bean
		@GrpcService(executor = GrpcService.DIRECT)
		OneMethodService heldLoopService() {
			return new OneMethodService(SERVICE, () -> {
				this.held.hold();
				return SERVICE;
			});
		}

	}

}
