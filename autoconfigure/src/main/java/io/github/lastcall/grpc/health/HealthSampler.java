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

package io.github.lastcall.grpc.health;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.github.lastcall.grpc.executor.ServerTimer;
import io.grpc.SynchronizationContext;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates health indicators at an interval, each on a thread of its own and never twice
 * at a time. An indicator that hangs occupies one thread and does not delay the others.
 * <p>
 * State is guarded by a {@link SynchronizationContext}: results arrive on any thread and
 * are processed one at a time; no lock is held while the listener runs.
 *
 * @param <R> the type of the answers
 */
final class HealthSampler<R> {

	private static final Log logger = LogFactory.getLog(HealthSampler.class);

	private final SynchronizationContext state = new SynchronizationContext(
			(thread, ex) -> logger.error("Could not publish health", ex));

	private final Supplier<Map<String, Callable<R>>> indicators;

	private final R failure;

	private final Consumer<Map<String, R>> listener;

	private final HealthSettings settings;

	private final ServerTimer timer;

	private final Map<String, Sample> samples = new HashMap<>();

	private @Nullable ExecutorService executor;

	private Runnable nextRound = () -> {
	};

	/**
	 * Creates a new sampler, which is not started.
	 * @param indicators the indicators by name, looked up for each round
	 * @param failure the answer for an indicator that throws or does not answer in time
	 * @param listener called with all answers when one has changed; indicators that have
	 * not answered yet are missing
	 * @param settings the interval and the timeout
	 * @param timer the timer for rounds and timeouts
	 */
	HealthSampler(Supplier<Map<String, Callable<R>>> indicators, R failure, Consumer<Map<String, R>> listener,
			HealthSettings settings, ServerTimer timer) {
		this.indicators = indicators;
		this.failure = failure;
		this.listener = listener;
		this.settings = settings;
		this.timer = timer;
	}

	/**
	 * Starts sampling: immediately, and then at the interval.
	 */
	void start() {
		this.state.execute(() -> {
			if (this.executor == null) {
				this.executor = newExecutor();
				round();
			}
		});
	}

	/**
	 * Samples immediately, in addition to the interval. Indicators that are being
	 * evaluated are evaluated again afterwards, as their answer may be outdated.
	 */
	void sampleNow() {
		this.state.execute(() -> {
			if (this.executor != null) {
				this.samples.values().forEach((sample) -> sample.outdated = sample.running);
				sampleAll();
			}
		});
	}

	/**
	 * Stops sampling, interrupts running indicators and discards all answers.
	 */
	void stop() {
		this.state.execute(() -> {
			if (this.executor != null) {
				this.nextRound.run();
				this.samples.values().forEach((sample) -> sample.cancelTimeout.run());
				this.samples.clear();
				this.executor.shutdownNow();
				this.executor = null;
			}
		});
	}

	private void round() {
		if (this.executor != null) {
			// Scheduled first, so that a round that fails is not the last one.
			this.nextRound = this.timer.schedule(() -> this.state.execute(this::round), this.settings.sampleInterval());
			sampleAll();
		}
	}

	private void sampleAll() {
		Map<String, Callable<R>> indicators = this.indicators.get();
		if (this.samples.keySet().retainAll(indicators.keySet())) {
			tell();
		}
		indicators.forEach((name, indicator) -> {
			Sample sample = this.samples.computeIfAbsent(name, Sample::new);
			if (!sample.running) {
				ask(sample, indicator);
			}
		});
	}

	private void ask(Sample sample, Callable<R> indicator) {
		ExecutorService executor = this.executor;
		if (executor == null) {
			return;
		}
		sample.running = true;
		sample.cancelTimeout = this.timer.schedule(() -> this.state.execute(() -> timeOut(sample)),
				this.settings.sampleTimeout());
		executor.execute(() -> {
			try {
				R answer = indicator.call();
				this.state.execute(() -> answered(sample, indicator, answer, null));
			}
			catch (Throwable ex) {
				this.state.execute(() -> answered(sample, indicator, this.failure, ex));
			}
		});
	}

	private void answered(Sample sample, Callable<R> indicator, R answer, @Nullable Throwable failure) {
		if (this.samples.get(sample.name) != sample) {
			return;
		}
		sample.running = false;
		sample.cancelTimeout.run();
		if (sample.outdated) {
			sample.outdated = false;
			ask(sample, indicator);
			return;
		}
		String problem = (failure != null) ? "fails: " + failure : null;
		report(sample, problem);
		take(sample, answer);
	}

	private void timeOut(Sample sample) {
		if (this.samples.get(sample.name) == sample && sample.running) {
			report(sample, "did not answer within " + this.settings.sampleTimeout().toMillis() + " ms");
			take(sample, this.failure);
		}
	}

	/**
	 * Logs each problem once, not once per interval.
	 */
	private void report(Sample sample, @Nullable String problem) {
		if (problem != null && !sample.troubled) {
			logger.warn("Health indicator '%s' %s; the health groups that contain it are NOT_SERVING until it does"
				.formatted(sample.name, problem));
		}
		else if (problem == null && sample.troubled) {
			logger.info("Health indicator '%s' answers again".formatted(sample.name));
		}
		sample.troubled = problem != null;
	}

	private void take(Sample sample, R answer) {
		if (!answer.equals(sample.answer)) {
			sample.answer = answer;
			tell();
		}
	}

	private void tell() {
		Map<String, R> answers = new HashMap<>();
		this.samples.forEach((name, sample) -> {
			R answer = sample.answer;
			if (answer != null) {
				answers.put(name, answer);
			}
		});
		this.listener.accept(answers);
	}

	private static ExecutorService newExecutor() {
		AtomicInteger number = new AtomicInteger();
		return new ThreadPoolExecutor(0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), (task) -> {
			Thread thread = new Thread(task, "grpc-health-" + number.incrementAndGet());
			thread.setDaemon(true);
			return thread;
		});
	}

	private final class Sample {

		private final String name;

		private boolean running;

		private boolean outdated;

		private boolean troubled;

		private Runnable cancelTimeout = () -> {
		};

		private @Nullable R answer;

		Sample(String name) {
			this.name = name;
		}

	}

}
