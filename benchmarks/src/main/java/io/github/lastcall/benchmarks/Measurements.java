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

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * The rounds of all servers under all loads.
 */
final class Measurements {

	/**
	 * By load, then by server.
	 */
	private final Map<String, Map<String, List<Round>>> rounds = new LinkedHashMap<>();

	void add(Load load, MeasuredServer server, Round round) {
		this.rounds.computeIfAbsent(load.name(), (name) -> new LinkedHashMap<>())
			.computeIfAbsent(server.name(), (name) -> new ArrayList<>())
			.add(round);
	}

	List<Round> of(String load, String server) {
		return this.rounds.getOrDefault(load, Map.of()).getOrDefault(server, List.of());
	}

	Spread spread(String load, String server, ToDoubleFunction<Round> value) {
		return Spread.of(of(load, server).stream().mapToDouble(value).boxed().toList());
	}

	/**
	 * A value of a server by that of another one, round by round.
	 */
	Spread ratio(String load, String server, String other, ToDoubleFunction<Round> value) {
		List<Round> own = of(load, server);
		List<Round> others = of(load, other);
		List<Double> ratios = new ArrayList<>();
		for (int i = 0; i < own.size(); i++) {
			ratios.add(value.applyAsDouble(own.get(i)) / value.applyAsDouble(others.get(i)));
		}
		return Spread.of(ratios);
	}

	/**
	 * How much faster the last third of the rounds was than the first third: 1 if
	 * everybody had warmed up and nothing else changed.
	 */
	double drift(String load, String server) {
		List<Round> rounds = of(load, server);
		int third = Math.max(1, rounds.size() / 3);
		return rate(rounds.subList(rounds.size() - third, rounds.size())) / rate(rounds.subList(0, third));
	}

	private static double rate(List<Round> rounds) {
		return Spread.of(rounds.stream().map(Round::callsPerSecond).toList()).median();
	}

	/**
	 * The calls that failed, by reason.
	 */
	Map<String, Long> failures(String load, String server) {
		Map<String, Long> failures = new TreeMap<>();
		of(load, server)
			.forEach((round) -> round.failures().forEach((reason, count) -> failures.merge(reason, count, Long::sum)));
		return failures;
	}

	long failed(String load, String server) {
		return of(load, server).stream().mapToLong(Round::failed).sum();
	}

	Map<String, Map<String, List<Round>>> all() {
		return this.rounds;
	}

}
