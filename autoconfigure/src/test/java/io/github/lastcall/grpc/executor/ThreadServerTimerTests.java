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

package io.github.lastcall.grpc.executor;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.OneMethodService;
import org.junit.jupiter.api.Test;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

class ThreadServerTimerTests {

	@Test
	void aTimerThatHasItsThreadGoesOnWhenNoOtherCanBeStarted() throws Exception {
		AtomicBoolean exhausted = new AtomicBoolean();
		ThreadFactory threads = (task) -> {
			if (exhausted.get()) {
				throw new IllegalStateException("no thread can be started");
			}
			return new Thread(task, "test-timer");
		};
		ThreadServerTimer timer = new ThreadServerTimer(threads, true);
		exhausted.set(true);
		try {
			CountDownLatch done = new CountDownLatch(2);
			timer.schedule(() -> {
				done.countDown();
				throw new LinkageError("on purpose");
			}, Duration.ZERO);
			timer.schedule(done::countDown, Duration.ofMillis(1));
			assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
		}
		finally {
			timer.destroy();
		}
	}

	@Test
	void theTimerOfTheDrainHasItsThreadBeforeItIsNeeded() {
		GrpcServerContextRunner.create().withUserConfiguration(ServiceConfiguration.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName).contains("grpc-shutdown");
		});
	}

	@Configuration(proxyBeanMethods = false)
	static class ServiceConfiguration {

		@Bean
		@GrpcService
		OneMethodService service() {
			return new OneMethodService("a.Service");
		}

	}

}
