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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Calls offered at a rate that does not depend on answers, as many clients do: with the
 * defaults of each server, and beyond its capacity.
 */
final class OverloadBenchmark {

	private static final int CLIENT_RATE = 6000;

	private final Options options;

	OverloadBenchmark(Options options) {
		this.options = options;
	}

	void run() throws Exception {
		Results results = new Results("overload", this.options);
		List<String> tables = this.options.list("tables", "default,overload,retries");
		Map<String, Object> json = new LinkedHashMap<>();
		Offer client = warmUpClient();
		System.out.println(client);
		json.put("client", client);
		StringBuilder text = new StringBuilder(
				"The client at %d calls/s: %.2f processors, sent late by %.1f ms (p99).%n%n"
					.formatted(client.perSecond(), client.clientProcessors(), client.delayP99Millis()));
		for (String table : tables) {
			switch (table) {
				case "default", "maximum" -> {
					OfferedRates rates = new OfferedRates(table.equals("maximum"), this.options);
					json.put(table, rates.rows());
					rates.measure(() -> results.json(json));
					text.append(rates.table());
				}
				case "overload", "retries" -> {
					Overload overload = new Overload(table.equals("retries"), this.options);
					json.put(table, overload.points());
					overload.measure(() -> results.json(json));
					text.append(overload.table());
					if (table.equals("overload")) {
						new OverloadPicture(overload.points()).write(results.picture("", "svg"));
					}
				}
				default -> throw new IllegalArgumentException(
						"No such table: '%s'. There are default, maximum, overload, retries".formatted(table));
			}
		}
		results.json(json);
		results.markdown(text.toString());
	}

	/**
	 * Let the compilers be through with the client, and measure what it needs itself.
	 */
	private Offer warmUpClient() throws IOException, InterruptedException {
		Candidate candidate = Candidate.of("plain-direct", new Jdks(this.options));
		int seconds = 1 + (int) this.options.decimal("warmup", 5);
		Workload handlers = Workload.named("compute-5us");
		try (LoadedServer server = LoadedServer.start(candidate, LoadClient.Retries.NONE, seconds)) {
			server.offer(handlers, CLIENT_RATE, 2 * seconds, null, 0);
			return server.offer(handlers, CLIENT_RATE, seconds, null, 0);
		}
	}

}
