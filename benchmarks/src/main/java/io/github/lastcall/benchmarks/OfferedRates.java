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
import java.util.Random;
import java.util.function.ToDoubleFunction;

/**
 * Handlers of one kind offered at a rate, to servers that start anew for each.
 */
final class OfferedRates {

	private static final double MEBIBYTE = 1024.0 * 1024;

	private static final String RATES = "block-100ms@1500,block-100ms@3000,block-100ms@6000";

	private static final String MAXIMUM_RATES = "compute-5us@6000,compute-1ms@1000,block-20ms@6000,block-100ms@6000,block-1000ms@1500,mix@6000";

	private static final String MAXIMUM_SERVERS = "200=lastcall+grpc.server.executor.threads=200,"
			+ "1000=lastcall+grpc.server.executor.threads=1000,2000=lastcall+grpc.server.executor.threads=2000,"
			+ "2000 in 2 GiB=lastcall+grpc.server.executor.threads=2000+-Xmx2g";

	private final List<Candidate> candidates;

	private final List<String> rates;

	private final int runs;

	private final int seconds;

	private final double warmup;

	private final List<Row> rows = new ArrayList<>();

	/**
	 * Create the measurement.
	 * @param maximum whether by default it is about the maximum of Last Call's threads
	 * @param options the options
	 */
	OfferedRates(boolean maximum, Options options) {
		Jdks jdks = new Jdks(options);
		StringBuilder servers = new StringBuilder("lastcall,plain,boot,armeria-blocking");
		jdks.names().forEach((jdk) -> servers.append(",lastcall-virtual@").append(jdk));
		this.candidates = Candidate.of(options.list("servers", maximum ? MAXIMUM_SERVERS : servers.toString()), jdks);
		this.rates = options.list("rates", maximum ? MAXIMUM_RATES : RATES);
		this.runs = options.number("runs", 3);
		this.seconds = options.number("default-seconds", 8);
		this.warmup = options.decimal("warmup", 5);
	}

	/**
	 * Measure all rates.
	 * @param measured called after each row, so that a run that is ended has a result
	 */
	void measure(Runnable measured) throws IOException, InterruptedException {
		Random random = new Random(this.runs);
		List<Candidate> order = new ArrayList<>(this.candidates);
		for (String rate : this.rates) {
			int at = rate.indexOf('@');
			Workload handlers = Workload.named(rate.substring(0, at));
			int perSecond = Integer.parseInt(rate.substring(at + 1));
			for (int run = 1; run <= this.runs; run++) {
				Collections.shuffle(order, random);
				for (Candidate candidate : order) {
					try (LoadedServer server = LoadedServer.start(candidate, LoadClient.Retries.NONE, this.warmup)) {
						Row row = new Row(candidate.name(), handlers.name(), run,
								server.offer(handlers, perSecond, this.seconds, null, 0));
						System.out.println(row);
						this.rows.add(row);
						measured.run();
					}
				}
			}
		}
	}

	List<Row> rows() {
		return this.rows;
	}

	String table() {
		Table table = new Table("handlers", "offered/s", "server", "OK/s", "not OK", "p50 ms", "p99 ms", "threads",
				"resident MiB", "server's processors", "client's processors", "sent late by, p99, ms");
		for (String rate : this.rates) {
			for (Candidate candidate : this.candidates) {
				List<Offer> offers = this.rows.stream()
					.filter((row) -> row.server().equals(candidate.name())
							&& rate.equals(row.handlers() + "@" + row.offer().perSecond()))
					.map(Row::offer)
					.toList();
				table.row(rate.substring(0, rate.indexOf('@')), rate.substring(rate.indexOf('@') + 1),
						"`" + candidate.name() + "`", text(offers, Offer::okPerSecond, "%.0f"),
						text(offers, Offer::failed, "%.0f"), text(offers, Offer::p50Millis, "%.1f"),
						text(offers, Offer::p99Millis, "%.1f"), text(offers, Offer::threads, "%.0f"),
						text(offers, (offer) -> offer.residentBytes() / MEBIBYTE, "%.0f"),
						text(offers, Offer::serverProcessors, "%.2f"), text(offers, Offer::clientProcessors, "%.2f"),
						text(offers, Offer::delayP99Millis, "%.1f"));
			}
		}
		return "Offered for %d s, deadline %d ms, on 8 connections; `not OK` are calls of the whole time, the rest is without the first second. Median of %d runs, in brackets their range.%n%n%s%n"
			.formatted(this.seconds, OpenLoop.DEADLINE_MILLIS, this.runs, table);
	}

	private static String text(List<Offer> offers, ToDoubleFunction<Offer> value, String format) {
		return Spread.of(offers.stream().mapToDouble(value).boxed().toList()).text(format);
	}

	/**
	 * A server under a rate.
	 *
	 * @param server the server
	 * @param handlers what its handlers do
	 * @param run which run it is
	 * @param offer what became of the calls
	 */
	record Row(String server, String handlers, int run, Offer offer) {

	}

}
