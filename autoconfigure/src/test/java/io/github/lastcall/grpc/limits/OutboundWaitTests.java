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

package io.github.lastcall.grpc.limits;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

import io.github.lastcall.grpc.executor.ServerTimer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class OutboundWaitTests {

	/**
	 * A timer may wait for a lock, as that of the JDK does, and so take the permit of the
	 * thread that has just been woken.
	 */
	@Test
	void aWakeUpWhileTheTimerIsSetIsNotLost() {
		AtomicBoolean ended = new AtomicBoolean();
		ServerTimer slow = new ServerTimer() {

			@Override
			public long nanoTime() {
				return 0;
			}

			@Override
			public Runnable scheduleAt(Runnable task, long nanoTime) {
				ended.set(true);
				task.run();
				LockSupport.park();
				return () -> {
				};
			}

		};
		CompletableFuture<OutboundWait.Outcome> outcome = new CompletableFuture<>();
		Thread thread = new Thread(() -> outcome
			.complete(new OutboundWait(slow, 10).await(new FullCall(), ended::get, Duration.ofHours(1))));
		thread.setDaemon(true);
		thread.start();
		assertThat(outcome).succeedsWithin(30, TimeUnit.SECONDS).isEqualTo(OutboundWait.Outcome.ROOM);
	}

	private static final class FullCall implements OutboundBuffers.Holder {

		@Override
		public long queued() {
			return 100;
		}

		@Override
		public long startNanos() {
			return 0;
		}

		@Override
		public void endCall(@Nullable RefusalReason reason, String description) {
			throw new IllegalStateException("Nobody ends this call");
		}

	}

}
