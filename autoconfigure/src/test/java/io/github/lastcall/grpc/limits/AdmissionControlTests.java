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
 * On a virtual clock, with a simulated queue and simulated threads.
 */
class AdmissionControlTests {

	private static final Duration TARGET = Duration.ofMillis(100);

	private static final Duration DEADLINE = Duration.ofSeconds(1);

	@ParameterizedTest
	@CsvSource({ "1,200,100ms,1.5", "1,200,100ms,2", "1,200,100ms,5", "1,2,1ms,2", "1,2,1ms,5", "1,1,20ms,10",
			"2,200,100ms,1.5", "2,200,100ms,2", "2,200,100ms,5", "2,2,1ms,2", "2,2,1ms,5", "2,1,20ms,10" })
	void underOverloadTheCapacityIsServedInHalfOfTheDeadline(int waits, int threads, String service, double load) {
		Simulation simulation = new Simulation(waits, threads, duration(service), TARGET);
		simulation.offer(load, Duration.ofSeconds(20));
		simulation.finish();
		assertThat(simulation.succeeded() / (20 * simulation.capacity())).isGreaterThan(0.95);
		assertThat(simulation.percentile(0.99)).isLessThan(DEADLINE.dividedBy(2).plus(duration(service)));
	}

	@ParameterizedTest
	@CsvSource({ "1,200,100ms,5", "1,2,1ms,5", "2,200,100ms,5", "2,2,1ms,5" })
	void afterAnOverloadEveryCallIsServedWithinASecond(int waits, int threads, String service, double load) {
		Simulation simulation = new Simulation(waits, threads, duration(service), TARGET);
		simulation.offer(load, Duration.ofSeconds(5));
		simulation.offer(0.8, Duration.ofSeconds(1));
		int refused = simulation.refused;
		int succeeded = simulation.succeeded();
		simulation.offer(0.8, Duration.ofSeconds(5));
		simulation.finish();
		assertThat(simulation.refused).isEqualTo(refused);
		assertThat(simulation.succeeded() - succeeded).isGreaterThan((int) (0.79 * 5 * simulation.capacity()));
		assertThat(simulation.control.isShedding()).isFalse();
	}

	@Test
	void withoutATargetCallsWaitUntilTheirDeadlinesHavePassed() {
		Simulation simulation = new Simulation(2, 200, Duration.ofMillis(100), Duration.ZERO);
		simulation.offer(3, Duration.ofSeconds(20));
		simulation.finish();
		assertThat(simulation.refused).isZero();
		assertThat(simulation.succeeded() / (20 * simulation.capacity())).isLessThan(0.7);
	}

	@ParameterizedTest
	@CsvSource({ "1,200,100ms,600", "1,200,5s,600", "1,2,1ms,500", "2,200,100ms,600", "2,200,5s,600", "2,2,1ms,500" })
	void aBurstIsServed(int waits, int threads, String service, int calls) {
		Simulation simulation = new Simulation(waits, threads, duration(service), TARGET);
		for (int i = 0; i < calls; i++) {
			simulation.arrive();
		}
		simulation.finish();
		assertThat(simulation.refused).isZero();
	}

	@Test
	void clientsMayRetryUntilTheOverloadHasLastedForSomeIntervals() {
		assertThat(new AdmissionControl(TARGET).retryAfter(0)).isEqualTo(TARGET.multipliedBy(2));
		AdmissionControl control = shedding();
		assertThat(control.retryAfter(millis(400 + 900))).isEqualTo(TARGET.multipliedBy(2));
		assertThat(control.retryAfter(millis(400 + 901))).isNegative();
	}

	@Test
	void aShortWaitWithinAnIntervalDoesNotEndShedding() {
		AdmissionControl control = shedding();
		assertThat(control.tryStart(millis(400), millis(60), true)).isTrue();
		assertThat(control.tryStart(millis(699), millis(150), true)).isTrue();
		assertThat(control.tryStart(millis(700), millis(150), true)).isTrue();
		assertThat(control.isShedding()).isTrue();
		assertThat(control.tryStart(millis(850), millis(40), true)).isTrue();
		assertThat(control.isShedding()).isTrue();
		assertThat(control.tryStart(millis(1100), millis(150), true)).isTrue();
		assertThat(control.isShedding()).isFalse();
	}

	@Test
	void aFewPromptCallsDoNotEndShedding() {
		AdmissionControl control = shedding();
		assertThat(control.tryStart(millis(410), 0, true)).isTrue();
		for (int time = 410; time <= 700; time += 10) {
			assertThat(control.tryStart(millis(time), millis(150), true)).isTrue();
		}
		assertThat(control.isShedding()).isTrue();
	}

	@Test
	void aBurstIsNotShedBecauseOfAnEarlierOne() {
		AdmissionControl control = new AdmissionControl(TARGET);
		assertThat(control.tryStart(millis(100), millis(100), false)).isTrue();
		assertThat(control.tryStart(millis(60_000), millis(150), false)).isTrue();
		assertThat(control.isShedding()).isFalse();
	}

	@Test
	void anIntervalInWhichNoCallStartsChangesNothing() {
		AdmissionControl control = shedding();
		assertThat(control.tryStart(millis(60_000), millis(150), true)).isTrue();
		assertThat(control.isShedding()).isTrue();
	}

	@Test
	void asManyCallsMayWaitAsHaveStartedInTwiceTheTarget() {
		AdmissionControl control = new AdmissionControl(TARGET);
		for (int time = 100; time <= 400; time += 10) {
			assertThat(control.isShedding()).isFalse();
			assertThat(control.tryStart(millis(time), TARGET.toNanos(), false)).isTrue();
		}
		assertThat(control.isShedding()).isTrue();
		for (int i = 0; i < 31 * 200 / 300; i++) {
			assertThat(control.tryWait()).isTrue();
		}
		assertThat(control.tryWait()).isFalse();
		control.stopWaiting();
		assertThat(control.tryWait()).isTrue();
		assertThat(control.tryWait()).isFalse();
	}

	@Test
	void aCallMayAlwaysWait() {
		AdmissionControl control = shedding();
		assertThat(control.tryStart(millis(60_000), millis(150), true)).isTrue();
		assertThat(control.tryWait()).isTrue();
		assertThat(control.tryWait()).isFalse();
	}

	@Test
	void aCallThatArrivedBeforeSheddingBeganIsRefusedAfterTwiceTheTarget() {
		AdmissionControl control = shedding();
		assertThat(control.tryStart(millis(410), millis(200), false)).isTrue();
		assertThat(control.tryStart(millis(410), millis(201), false)).isFalse();
		assertThat(control.tryStart(millis(410), millis(201), true)).isTrue();
	}

	@Test
	void aCallThatBeginsOnlyStartsTheMeasurement() {
		AdmissionControl control = new AdmissionControl(TARGET);
		assertThat(control.tryBegin(0, millis(99), false)).isTrue();
		assertThat(control.isLate()).isFalse();
		assertThat(control.tryBegin(0, millis(100), false)).isTrue();
		assertThat(control.isLate()).isTrue();
		assertThat(control.tryBegin(millis(200), millis(200), false)).isTrue();
		assertThat(control.tryBegin(millis(400), millis(400), false)).isTrue();
		assertThat(control.isShedding()).isFalse();
		assertThat(control.tryStart(millis(400), millis(400), false)).isTrue();
		assertThat(control.isShedding()).isTrue();
		assertThat(control.tryBegin(millis(410), millis(200), false)).isTrue();
		assertThat(control.tryBegin(millis(410), millis(201), false)).isFalse();
		assertThat(control.tryBegin(millis(410), millis(201), true)).isTrue();
	}

	@Test
	void whatWasBeforeAnIdleTimeDecidesNothing() {
		AdmissionControl control = new AdmissionControl(TARGET);
		assertThat(control.tryStart(millis(100), millis(100), false)).isTrue();
		assertThat(control.tryStart(millis(401), millis(100), false)).isTrue();
		assertThat(control.isShedding()).isFalse();
		assertThat(control.tryStart(millis(700), millis(100), false)).isTrue();
		assertThat(control.isShedding()).isFalse();
		assertThat(control.tryStart(millis(701), millis(100), false)).isTrue();
		assertThat(control.isShedding()).isTrue();
	}

	private static AdmissionControl shedding() {
		AdmissionControl control = new AdmissionControl(TARGET);
		assertThat(control.tryStart(millis(100), millis(100), false)).isTrue();
		assertThat(control.tryStart(millis(399), millis(300), false)).isTrue();
		assertThat(control.isShedding()).isFalse();
		assertThat(control.tryStart(millis(400), millis(300), false)).isTrue();
		assertThat(control.isShedding()).isTrue();
		return control;
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

		private final int waits;

		private final int threads;

		private final long service;

		private final AdmissionControl control;

		private final Deque<Arrival> arrivals = new ArrayDeque<>();

		/**
		 * When each busy thread will be free.
		 */
		private final PriorityQueue<Long> busy = new PriorityQueue<>();

		private final List<Long> latencies = new ArrayList<>();

		private long now;

		private int refused;

		Simulation(int waits, int threads, Duration service, Duration target) {
			this.waits = waits;
			this.threads = threads;
			this.service = service.toNanos();
			this.control = new AdmissionControl(target);
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
			return Duration.ofNanos(sorted.get((int) (share * sorted.size())));
		}

		void offer(double load, Duration duration) {
			long end = this.now + duration.toNanos();
			double interval = 1e9 / (load * capacity());
			for (double next = this.now; next < end; next += interval) {
				runUntil((long) next);
				arrive();
			}
			runUntil(end);
		}

		void arrive() {
			boolean shedding = this.control.isShedding();
			if (shedding && !this.control.tryWait()) {
				this.refused++;
				return;
			}
			this.arrivals.add(new Arrival(this.now, shedding, shedding, this.waits == 2));
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
				if (this.control.isLate()) {
					this.control.released(this.service);
				}
				startWaiting();
			}
			this.now = time;
		}

		private void startWaiting() {
			while (this.busy.size() < this.threads && !this.arrivals.isEmpty()) {
				Arrival arrival = this.arrivals.poll();
				if (arrival.counted()) {
					this.control.stopWaiting();
				}
				long waited = this.now - arrival.time();
				if (waited >= DEADLINE.toNanos() && this.service < DEADLINE.toNanos()) {
					continue;
				}
				if (arrival.waitsAgain()) {
					if (this.control.tryBegin(this.now, waited, arrival.admitted())) {
						boolean counted = this.control.isShedding();
						if (counted) {
							this.control.waitAgain();
						}
						this.arrivals.add(new Arrival(arrival.time(), arrival.admitted(), counted, false));
					}
					else {
						this.refused++;
					}
				}
				else if (this.control.tryStart(this.now, waited, arrival.admitted())) {
					this.busy.add(this.now + this.service);
					if (waited + this.service <= DEADLINE.toNanos()) {
						this.latencies.add(waited + this.service);
					}
				}
				else {
					this.refused++;
				}
			}
		}

		private record Arrival(long time, boolean admitted, boolean counted, boolean waitsAgain) {

		}

	}

}
