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

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HeldThreads;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Calls that wait for an authentication on another thread, of which there is one, and two
 * calls may wait for it.
 */
@Timeout(120)
class AuthenticationThreadsTests {

	private final HeldThreads held = new HeldThreads();

	private final ManualServerTimer timer = new ManualServerTimer();

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withBean("drainTimer", ManualServerTimer.class, () -> this.timer)
		.withBean(CallerRouteGuide.class)
		.withBean(OneThread.class)
		.withBean(GrpcAuthenticationConverter.class, () -> (call) -> {
			this.held.hold();
			return CallerDuringCallTests.users().convert(call);
		})
		.withPropertyValues("grpc.server.address=127.0.0.1", "grpc.server.executor.type=direct");

	@Test
	void aCallThatWaitsTooLongEndsAndItsLateResultStartsNoHandler() {
		this.runner.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				Observer<RouteNote> authenticating = new Observer<>();
				chat(client, "alice", authenticating);
				assertThat(this.held.entered.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
				Observer<RouteNote> waiting = new Observer<>();
				chat(client, "bob", waiting);
				await().until(() -> ServersOf.calls(context).count() == 2);
				this.timer.advance(AuthenticationThreads.MAX_WAIT.minusMillis(1));
				assertThat(authenticating.ended).isNotDone();
				this.timer.advance(Duration.ofMillis(1));
				Status unavailable = Status.UNAVAILABLE.withDescription("Authentication is temporarily unavailable");
				assertThat(authenticating.status()).hasToString(unavailable.toString());
				assertThat(waiting.status()).hasToString(unavailable.toString());
				await().until(() -> ServersOf.calls(context).count() == 0);
				this.held.release.countDown();
				assertThat(CallerDuringCallTests.name(client, "carol")).isEqualTo("carol");
				assertThat(context.getBean(CallerRouteGuide.class).callers).isEmpty();
				// Of the call that had ended, nothing is authenticated any more.
				assertThat(this.held.entered.availablePermits()).isOne();
			}
		});
	}

	@Test
	void moreCallsThanMayWaitAreRefusedAtOnce() {
		this.runner.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				Observer<RouteNote> authenticating = new Observer<>();
				StreamObserver<RouteNote> alice = chat(client, "alice", authenticating);
				assertThat(this.held.entered.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
				Observer<RouteNote> waiting = new Observer<>();
				StreamObserver<RouteNote> bob = chat(client, "bob", waiting);
				chat(client, "dave", new Observer<>());
				Observer<RouteNote> refused = new Observer<>();
				chat(client, "carol", refused);
				assertThat(refused.awaitEnd()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
				assertThat(ServersOf.refusals(context, "network").getCount(RefusalReason.EXECUTOR)).isOne();
				assertThat(authenticating.ended).isNotDone();
				assertThat(waiting.ended).isNotDone();
				this.held.release.countDown();
				alice.onCompleted();
				bob.onCompleted();
				assertThat(authenticating.awaitEnd()).isEqualTo(Status.Code.OK);
				assertThat(waiting.awaitEnd()).isEqualTo(Status.Code.OK);
				assertThat(authenticating.messages).extracting(RouteNote::getMessage).containsExactly("alice");
				assertThat(waiting.messages).extracting(RouteNote::getMessage).containsExactly("bob");
				assertThat(CallerDuringCallTests.name(client, "carol")).isEqualTo("carol");
			}
		});
	}

	private static StreamObserver<RouteNote> chat(GrpcClient client, String user, Observer<RouteNote> answers) {
		StreamObserver<RouteNote> requests = CallerDuringCallTests.stub(client, user).routeChat(answers);
		requests.onNext(RouteNote.getDefaultInstance());
		return requests;
	}

	static class OneThread implements BeanPostProcessor, DisposableBean {

		private final AuthenticationThreads threads = new AuthenticationThreads(ServerExecutor.DIRECT, 1, 2);

		@Override
		public Object postProcessBeforeInitialization(Object bean, String name) {
			return (bean instanceof AuthenticationThreads) ? this.threads : bean;
		}

		@Override
		public void destroy() {
			this.threads.destroy();
		}

	}

}
