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

package io.github.lastcall.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.ToDoubleFunction;

/**
 * Several times as many calls as a server has the capacity for.
 */
final class Overload {

	private static final int THREADS = 200;

	/**
	 * Enough for both processors, and too few for a long queue.
	 */
	private static final int COMPUTING_CALLS_IN_FLIGHT = 16;

	private static final int NORMAL_SECONDS = 2;

	private final List<Candidate> candidates;

	private final List<String> handlers;

	private final List<LoadClient.Retries> retries;

	private final List<Double> factors;

	private final int runs;

	private final int seconds;

	private final double capacitySeconds;

	private final int recoverySeconds;

	private final double warmup;

	private final int loadWarmup;

	private final List<Point> points = new ArrayList<>();

	/**
	 * Create the measurement.
	 * @param retries whether it is about clients that retry
	 * @param options the options
	 */
	Overload(boolean retries, Options options) {
		this.candidates = Candidate.of(options.list("servers", "lastcall,plain,boot,armeria-blocking"),
				new Jdks(options));
		this.handlers = options.list("handlers", retries ? "block-100ms" : "block-100ms,compute-1ms");
		this.retries = retries ? List.of(LoadClient.Retries.ALWAYS, LoadClient.Retries.THROTTLED)
				: List.of(LoadClient.Retries.NONE);
		this.factors = options.list("factors", retries ? "2" : "1,2,5").stream().map(Double::valueOf).toList();
		this.runs = options.number("runs", 3);
		this.seconds = options.number("seconds", 30);
		this.capacitySeconds = options.decimal("capacity-seconds", 3);
		this.recoverySeconds = options.number("recovery-seconds", 5);
		this.warmup = options.decimal("warmup", 5);
		this.loadWarmup = options.number("load-warmup", 15);
	}

	/**
	 * Measure all multiples.
	 * @param measured called after each point, so that a run that is ended has a result
	 */
	void measure(Runnable measured) throws IOException, InterruptedException {
		Random random = new Random(this.runs);
		List<Candidate> order = new ArrayList<>(this.candidates);
		for (int run = 1; run <= this.runs; run++) {
			for (String name : this.handlers) {
				Workload workload = Workload.named(name);
				for (LoadClient.Retries retries : this.retries) {
					Collections.shuffle(order, random);
					for (Candidate candidate : order) {
						measure(candidate, workload, retries, run, measured);
					}
				}
			}
		}
	}

	private void measure(Candidate candidate, Workload workload, LoadClient.Retries retries, int run, Runnable measured)
			throws IOException, InterruptedException {
		// What blocks is about a maximum that is known, what computes about the default.
		Candidate limited = workload.blocks() ? candidate.withThreads(THREADS) : candidate;
		int callsInFlight = workload.blocks() ? THREADS : COMPUTING_CALLS_IN_FLIGHT;
		try (LoadedServer server = LoadedServer.start(limited, retries, this.warmup)) {
			// Starts the threads, and compiles the handlers and what refuses calls.
			Capacity cold = server.capacity(workload, callsInFlight, 1);
			if (this.loadWarmup > 0) {
				server.offer(workload, (int) (Collections.max(this.factors) * cold.perSecond()), this.loadWarmup,
						server.recovery(workload, NORMAL_SECONDS), this.recoverySeconds);
			}
			Capacity before = server.capacity(workload, callsInFlight, this.capacitySeconds);
			Recovery recovery = server.recovery(workload, NORMAL_SECONDS);
			for (double factor : this.factors) {
				Offer offer = server.offer(workload, (int) (factor * before.perSecond()), this.seconds, recovery,
						this.recoverySeconds);
				Capacity after = server.capacity(workload, callsInFlight, this.capacitySeconds);
				Point point = new Point(candidate.name(), workload.name(), retries, run, factor, before.mean(after),
						recovery.normalMillis(), offer);
				System.out.println(point);
				this.points.add(point);
				measured.run();
				before = after;
			}
		}
	}

	List<Point> points() {
		return this.points;
	}

	String table() {
		Table table = new Table("handlers", "client", "server", "capacity/s", "offered", "OK / capacity", "p99 ms",
				"normal after s", "attempts per call", "threads", "resident MiB", "client's processors",
				"sent late by, p99, ms", "stolen s");
		for (String name : this.handlers) {
			for (LoadClient.Retries client : this.retries) {
				for (double factor : this.factors) {
					for (Candidate candidate : this.candidates) {
						row(table, name, client, factor, candidate.name());
					}
				}
			}
		}
		return """
				Offered for %d s, deadline %d ms, on 8 connections. `block-` on a maximum of %d threads, `compute-` on the \
				default of each. The worst of %d runs. The first second does not count. `stolen`: what other machines \
				had of the processors.

				%s
				"""
			.formatted(this.seconds, OpenLoop.DEADLINE_MILLIS, THREADS, this.runs, table);
	}

	private void row(Table table, String name, LoadClient.Retries client, double factor, String server) {
		List<Point> runs = this.points.stream()
			.filter((point) -> point.handlers().equals(name) && point.client() == client && point.factor() == factor
					&& point.server().equals(server))
			.toList();
		List<Offer> offers = runs.stream().map(Point::offer).toList();
		double recovery = greatest(offers, Offer::recoveryMillis);
		table.row(name, client.name().toLowerCase(Locale.ROOT), "`" + server + "`",
				Spread.of(runs.stream().map((point) -> point.capacity().perSecond()).toList()).text("%.0f"),
				number("%.1f x", factor), number("%.2f", least(runs, Point::okOfCapacity)),
				number("%.0f", greatest(offers, Offer::p99Millis)),
				Double.isInfinite(recovery) ? "> " + this.recoverySeconds : number("%.1f", recovery / 1e3),
				number("%.2f", greatest(offers, Offer::attemptsPerCall)),
				number("%.0f", greatest(offers, Offer::threads)),
				number("%.0f", greatest(offers, (offer) -> offer.residentBytes() >> 20)),
				number("%.2f", greatest(offers, Offer::clientProcessors)),
				number("%.1f", greatest(offers, Offer::delayP99Millis)),
				number("%.1f", greatest(offers, Offer::stolenSeconds)));
	}

	private static String number(String format, double number) {
		return Double.isNaN(number) ? "-" : String.format(Locale.ROOT, format, number);
	}

	private static <T> double least(List<T> runs, ToDoubleFunction<T> value) {
		return runs.stream().mapToDouble(value).min().orElse(Double.NaN);
	}

	private static <T> double greatest(List<T> runs, ToDoubleFunction<T> value) {
		return runs.stream().mapToDouble(value).max().orElse(Double.NaN);
	}

	/**
	 * A server under one multiple of its capacity.
	 *
	 * @param server the server
	 * @param handlers what its handlers do
	 * @param client whether the client retries
	 * @param run which run it is
	 * @param factor the multiple
	 * @param capacity what succeeds in a closed loop: the mean of before and after it
	 * @param normalMillis the p99 without load
	 * @param offer what became of the calls
	 */
	record Point(String server, String handlers, LoadClient.Retries client, int run, double factor, Capacity capacity,
			double normalMillis, Offer offer) {

		double okOfCapacity() {
			return this.offer.okPerSecond() / this.capacity.perSecond();
		}

	}

}
