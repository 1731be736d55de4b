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
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

@Timeout(60)
class ProcessorSaturationTests {

	private final List<ServerThread> threads = Stream.generate(this::thread)
		.limit(2L * Runtime.getRuntime().availableProcessors())
		.toList();

	private volatile boolean ended;

	@AfterEach
	void end() throws InterruptedException {
		this.ended = true;
		for (ServerThread thread : this.threads) {
			thread.join();
		}
	}

	@Test
	void workersThatComputeSaturateTheProcessors() {
		ProcessorSaturation saturation = new ProcessorSaturation(this.threads);
		assertThat(saturation.getAsInt()).isZero();
		this.threads.forEach(Thread::start);
		await().pollInterval(Duration.ofMillis(200))
			.atMost(Duration.ofSeconds(30))
			.until(() -> saturation.getAsInt() > 0);
	}

	@Test
	void otherThreadsThatComputeDoNot() {
		ProcessorSaturation saturation = new ProcessorSaturation(Set.of(thread()));
		this.threads.forEach(Thread::start);
		saturation.getAsInt();
		await().pollInterval(Duration.ofMillis(200))
			.during(Duration.ofSeconds(1))
			.atMost(Duration.ofSeconds(30))
			.until(() -> saturation.getAsInt() == 0);
	}

	private ServerThread thread() {
		return new ServerThread(new CallQueue(1), this::compute, "test", false);
	}

	private void compute() {
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(40);
		while (!this.ended && System.nanoTime() - end < 0) {
			Thread.onSpinWait();
		}
	}

}
