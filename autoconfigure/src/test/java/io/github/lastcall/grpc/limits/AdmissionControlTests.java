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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@link AdmissionControl}, mostly of simulated threads.
 */
class AdmissionControlTests {

	private static final Duration MAX_WAIT = Duration.ofSeconds(10);

	private static final Duration DEADLINE = Duration.ofSeconds(1);

	private static final Duration NO_DEADLINE = Duration.ofNanos(Long.MAX_VALUE);

	@ParameterizedTest
	@CsvSource({ "200,100ms,1.5", "200,100ms,2", "200,100ms,5", "2,1ms,2", "2,1ms,5", "1,20ms,10" })
	void underOverloadTheCapacityIsServedInHalfOfTheDeadline(int threads, String service, double load) {
		Simulation simulation = new Simulation(threads, duration(service), MAX_WAIT);
		simulation.offer(load, Duration.ofSeconds(2));
		simulation.latencies.clear();
		simulation.offer(load, Duration.ofSeconds(20));
		assertThat(simulation.succeeded() / (20 * simulation.capacity())).isGreaterThan(0.97);
		assertThat(simulation.percentile(0.99)).isLessThan(DEADLINE.dividedBy(2));
	}

	@ParameterizedTest
	@CsvSource({ "200,100ms,1.5", "200,100ms,5", "2,1ms,5", "1,20ms,10" })
	void theCapacityIsServedFromTheFirstSecondOn(int threads, String service, double load) {
		Simulation simulation = new Simulation(threads, duration(service), MAX_WAIT);
		simulation.offer(load, Duration.ofSeconds(2));
		assertThat(simulation.succeeded() / (2 * simulation.capacity())).isGreaterThan(0.9);
	}

	@ParameterizedTest
	@CsvSource({ "200,100ms,5", "2,1ms,5", "1,20ms,10" })
	void afterAnOverloadEveryCallIsServedWithinASecond(int threads, String service, double load) {
		Simulation simulation = new Simulation(threads, duration(service), MAX_WAIT);
		simulation.offer(load, Duration.ofSeconds(5));
		simulation.offer(0.8, Duration.ofSeconds(1));
		int refused = simulation.refused;
		int succeeded = simulation.succeeded();
		simulation.offer(0.8, Duration.ofSeconds(5));
		simulation.finish();
		assertThat(simulation.refused).isEqualTo(refused);
		assertThat(simulation.succeeded() - succeeded).isGreaterThan((int) (0.79 * 5 * simulation.capacity()));
	}

	@Test
	void withoutAMaximumCallsWaitUntilTheirDeadlinesHavePassed() {
		Simulation simulation = new Simulation(200, Duration.ofMillis(100), Duration.ZERO);
		simulation.offer(3, Duration.ofSeconds(20));
		simulation.finish();
		assertThat(simulation.refused).isZero();
		assertThat(simulation.succeeded() / (20 * simulation.capacity())).isLessThan(0.7);
	}

	@ParameterizedTest
	@CsvSource({ "200,100ms,2000", "200,5s,2000", "2,1ms,2000" })
	void aBurstIsServed(int threads, String service, int calls) {
		Simulation simulation = new Simulation(threads, duration(service), MAX_WAIT);
		for (int i = 0; i < calls; i++) {
			simulation.arrive(DEADLINE);
		}
		simulation.finish();
		assertThat(simulation.refused).isZero();
	}

	/**
	 * As on a server that has just started: 6000 calls per second need 600 threads, and
	 * there are 100 more every 100 ms.
	 */
	@Test
	void noCallIsRefusedWhileThreadsAreStarting() {
		Simulation simulation = new Simulation(100, Duration.ofMillis(100), MAX_WAIT);
		for (int i = 0; i < 16; i++) {
			simulation.threads += 50;
			simulation.offer(6000 / simulation.capacity(), Duration.ofMillis(50));
		}
		simulation.finish();
		assertThat(simulation.refused).isZero();
		assertThat(simulation.succeeded()).isGreaterThanOrEqualTo(16 * 300);
	}

	@Test
	void aCallMayWaitForHalfOfItsTimeWhileTheRateRises() {
		AdmissionControl control = new AdmissionControl(MAX_WAIT);
		control.started(millis(0), millis(50));
		for (int i = 0; i < 200; i++) {
			control.startWaiting();
		}
		start(control, 100, 10);
		start(control, 200, 20);
		start(control, 300, 30);
		// 140 wait, and 400 per second are expected to start.
		assertThat(control.mayWait(millis(399), millis(700))).isTrue();
		assertThat(control.mayWait(millis(399), millis(600))).isFalse();
		start(control, 400, 30);
		// 110 wait, and the average is 375 per second.
		assertThat(control.mayWait(millis(499), millis(1200))).isTrue();
		assertThat(control.mayWait(millis(499), millis(1150))).isFalse();
	}

	@Test
	void callsThatHaveTimeAreServedWhileOthersAreShed() {
		Simulation simulation = new Simulation(200, Duration.ofMillis(100), MAX_WAIT);
		simulation.offer(5, Duration.ofSeconds(2));
		int refused = simulation.refused;
		for (int i = 0; i < 100; i++) {
			simulation.arrive(DEADLINE.multipliedBy(3));
			simulation.arrive(NO_DEADLINE);
		}
		assertThat(simulation.refused).isEqualTo(refused);
		simulation.arrive(DEADLINE);
		assertThat(simulation.refused).isEqualTo(refused + 1);
	}

	@Test
	void callsWithoutADeadlineWaitForTheMaximum() {
		Simulation simulation = new Simulation(2, Duration.ofMillis(1), Duration.ofMillis(200));
		simulation.deadline = NO_DEADLINE;
		simulation.offer(5, Duration.ofSeconds(2));
		simulation.latencies.clear();
		simulation.offer(5, Duration.ofSeconds(5));
		assertThat(simulation.percentile(0.5)).isBetween(Duration.ofMillis(180), Duration.ofMillis(220));
		assertThat(simulation.percentile(1)).isLessThan(Duration.ofMillis(250));
	}

	/**
	 * Its rate would be that of the time without calls.
	 */
	@Test
	void whatWasBeforeAnIdleTimeDecidesNothing() {
		AdmissionControl control = overloaded(1);
		control.stopWaiting();
		control.started(millis(60_000), millis(50));
		assertThat(control.isLate()).isFalse();
		assertThat(control.mayWait(millis(60_000), 0)).isTrue();
	}

	@Test
	void aMethodThatHungIsServedAsSoonAsItsHandlersReturn() {
		AdmissionControl control = overloaded(61);
		for (int time = 60_000; time <= 60_500; time += 10) {
			start(control, time);
		}
		assertThat(control.mayWait(millis(60_500), millis(1000))).isTrue();
	}

	@Test
	void aCallThatHasNotWaitedEndsTheMeasurement() {
		AdmissionControl control = overloaded(100);
		assertThat(control.mayWait(millis(1000), millis(1000))).isFalse();
		control.started(millis(1000), millis(9));
		assertThat(control.isLate()).isFalse();
		control.started(millis(1000), millis(10));
		assertThat(control.isLate()).isTrue();
		assertThat(control.mayWait(millis(1000), millis(1000))).isTrue();
	}

	@Test
	void aCallIsNotRefusedBeforeOthersHaveBeenLateForAsLongAsItMayWait() {
		AdmissionControl control = overloaded(300);
		assertThat(control.mayWait(millis(400), millis(1201))).isTrue();
		assertThat(control.mayWait(millis(400), millis(1200))).isFalse();
	}

	@Test
	void aCallMayAlwaysWaitIfNoneDoes() {
		AdmissionControl control = overloaded(1);
		assertThat(control.mayWait(millis(400), millis(1))).isFalse();
		control.stopWaiting();
		assertThat(control.mayWait(millis(400), millis(1))).isTrue();
	}

	@Test
	void clientsMayRetryUntilCallsHaveBeenRefusedForASecond() {
		assertThat(new AdmissionControl(MAX_WAIT).retryAfter(0)).isZero();
		AdmissionControl control = overloaded(100);
		assertThat(control.retryAfter(millis(400))).isEqualTo(Duration.ofSeconds(1));
		assertThat(control.mayWait(millis(400), millis(1000))).isFalse();
		assertThat(control.mayWait(millis(1100), millis(1000))).isFalse();
		assertThat(control.retryAfter(millis(1400))).isEqualTo(Duration.ofSeconds(1));
		assertThat(control.retryAfter(millis(1401))).isNegative();
	}

	/**
	 * Creates a control that has seen a call start every 10 ms, while so many wait.
	 */
	private static AdmissionControl overloaded(int waiting) {
		AdmissionControl control = new AdmissionControl(MAX_WAIT);
		control.started(millis(100), millis(50));
		for (int i = 0; i < waiting + 30; i++) {
			control.startWaiting();
		}
		for (int time = 110; time <= 400; time += 10) {
			start(control, time);
		}
		return control;
	}

	/**
	 * Starts so many calls at the end of a window.
	 */
	private static void start(AdmissionControl control, int time, int calls) {
		for (int i = 0; i < calls - 1; i++) {
			start(control, time - 1);
		}
		start(control, time);
	}

	private static void start(AdmissionControl control, int time) {
		control.stopWaiting();
		control.started(millis(time), millis(50));
	}

	private static long millis(int millis) {
		return Duration.ofMillis(millis).toNanos();
	}

	private static Duration duration(String text) {
		return Duration.parse("PT" + (text.endsWith("ms") ? Integer.parseInt(text.replace("ms", "")) / 1000.0 + "S"
				: text.toUpperCase(Locale.ROOT)));
	}

	/**
	 * Threads that serve calls in the order of their arrival.
	 */
	private static final class Simulation {

		private final long service;

		private final AdmissionControl control;

		private final Deque<Arrival> arrivals = new ArrayDeque<>();

		/**
		 * When each busy thread will be free.
		 */
		private final PriorityQueue<Long> busy = new PriorityQueue<>();

		private final List<Long> latencies = new ArrayList<>();

		private int threads;

		private Duration deadline = DEADLINE;

		private long now;

		private int refused;

		Simulation(int threads, Duration service, Duration maxWait) {
			this.threads = threads;
			this.service = service.toNanos();
			this.control = new AdmissionControl(maxWait);
		}

		double capacity() {
			return this.threads * 1e9 / this.service;
		}

		int succeeded() {
			return this.latencies.size();
		}

		Duration percentile(double share) {
			List<Long> sorted = new ArrayList<>(this.latencies);
			Collections.sort(sorted);
			return Duration.ofNanos(sorted.get((int) (share * (sorted.size() - 1))));
		}

		void offer(double load, Duration duration) {
			long end = this.now + duration.toNanos();
			double interval = 1e9 / (load * capacity());
			for (double next = this.now; next < end; next += interval) {
				runUntil((long) next);
				arrive(this.deadline);
			}
			runUntil(end);
		}

		void arrive(Duration deadline) {
			if (this.control.isLate() && !this.control.mayWait(this.now, deadline.toNanos())) {
				this.refused++;
				return;
			}
			this.control.startWaiting();
			this.arrivals.add(new Arrival(this.now, deadline.toNanos()));
			startWaiting();
		}

		void finish() {
			while (!this.busy.isEmpty()) {
				runUntil(this.busy.peek());
			}
		}

		private void runUntil(long time) {
			while (!this.busy.isEmpty() && this.busy.peek() <= time) {
				this.now = this.busy.poll();
				startWaiting();
			}
			this.now = time;
		}

		private void startWaiting() {
			while (this.busy.size() < this.threads && !this.arrivals.isEmpty()) {
				Arrival arrival = this.arrivals.poll();
				this.control.stopWaiting();
				long waited = this.now - arrival.time();
				if (waited < arrival.deadline()) {
					this.control.started(this.now, waited);
					this.busy.add(this.now + this.service);
					if (waited + this.service <= arrival.deadline()) {
						this.latencies.add(waited + this.service);
					}
				}
			}
		}

		private record Arrival(long time, long deadline) {

		}

	}

}
