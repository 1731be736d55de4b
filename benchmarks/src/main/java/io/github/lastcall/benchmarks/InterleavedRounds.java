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
import java.util.concurrent.TimeUnit;

/**
 * Starts servers side by side and puts each of them under each load, round after round.
 * Nobody is always the first of a round, nor behind the same one.
 */
final class InterleavedRounds implements AutoCloseable {

	private static final double START_SECONDS = 4;

	/**
	 * What a round takes besides the time under load.
	 */
	private static final double ROUND_SECONDS = 0.4;

	/**
	 * Rounds that do not count: the compiler is not through with a server that has been
	 * warmed up alone.
	 */
	private static final int WARMUP_ROUNDS = 1;

	private final List<Candidate> candidates;

	private final List<Load> loads;

	private final int rounds;

	private final double seconds;

	private final double warmup;

	private final List<MeasuredServer> servers = new ArrayList<>();

	InterleavedRounds(List<Candidate> candidates, List<Load> loads, Options options, int rounds, double seconds,
			double warmup) {
		this.candidates = candidates;
		this.loads = loads;
		this.rounds = options.number("rounds", rounds);
		this.seconds = options.decimal("seconds", seconds);
		this.warmup = options.decimal("warmup", warmup);
	}

	/**
	 * Run all of them, which takes a while.
	 */
	Measurements run() throws IOException, InterruptedException {
		double perLoad = this.warmup + (WARMUP_ROUNDS + this.rounds) * (this.seconds + ROUND_SECONDS);
		System.out.printf("%d servers, %d loads, %d rounds of %.1f s: about %.0f minutes%n", this.candidates.size(),
				this.loads.size(), this.rounds, this.seconds,
				Math.ceil(this.candidates.size() * (START_SECONDS + this.loads.size() * perLoad) / 60));
		for (Candidate candidate : this.candidates) {
			MeasuredServer server = MeasuredServer.start(candidate);
			this.servers.add(server);
			for (Load load : this.loads) {
				LoadRunner.run(server, load, nanos(this.warmup));
			}
			server.checkTraced();
		}
		Measurements measurements = new Measurements();
		List<MeasuredServer> order = new ArrayList<>(this.servers);
		Random random = new Random(this.rounds);
		for (int i = 1 - WARMUP_ROUNDS; i <= this.rounds; i++) {
			System.out.printf("round %d of %d%n", i, this.rounds);
			for (Load load : this.loads) {
				Collections.shuffle(order, random);
				for (MeasuredServer server : order) {
					Round round = LoadRunner.run(server, load, nanos(this.seconds));
					if (i > 0) {
						measurements.add(load, server, round);
					}
				}
			}
		}
		return measurements;
	}

	List<MeasuredServer> servers() {
		return this.servers;
	}

	private static long nanos(double seconds) {
		return (long) (seconds * TimeUnit.SECONDS.toNanos(1));
	}

	@Override
	public void close() throws IOException {
		for (MeasuredServer server : this.servers) {
			server.close();
		}
	}

}
