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

import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.lastcall.benchmarks.Growth.Point;

/**
 * What becomes of a server that has more and more to do. Each growth has a table and a
 * picture of its own.
 */
final class GrowthBenchmark {

	private final Options options;

	GrowthBenchmark(Options options) {
		this.options = options;
	}

	void run() throws Exception {
		List<Growth> all = List.of(
				new Growth("services", "services, besides the two that are called",
						new ServiceGrowth(this.options)::measure),
				new Growth("connections", "idle connections", new ConnectionGrowth(this.options)::measure),
				new Growth("watchers", "watchers", new WatcherGrowth(this.options)::measure),
				new Growth("in-flight", "calls in flight", new InFlightGrowth(this.options)::measure));
		List<String> chosen = this.options.list("of", all.stream().map(Growth::name).collect(Collectors.joining(",")));
		for (Growth growth : all) {
			if (chosen.contains(growth.name())) {
				long start = System.nanoTime();
				List<Point> points = growth.measurement().measure();
				Results results = new Results("growth-" + growth.name(), this.options);
				results.json(Map.of("points", points));
				results.markdown(table(growth, points));
				new GrowthPicture(growth.axis(), points).write(results.picture(""));
				System.out.printf("%s took %d s%n%n", growth.name(), (System.nanoTime() - start) / 1_000_000_000);
			}
		}
	}

	private static String table(Growth growth, List<Point> points) {
		List<String> columns = points.stream().map(GrowthBenchmark::column).distinct().toList();
		Table table = new Table(Stream.concat(Stream.of(growth.axis()), columns.stream()).toArray(String[]::new));
		for (int size : new TreeSet<>(points.stream().map(Point::size).toList())) {
			Stream<String> cells = columns.stream().map((column) -> cell(points, size, column));
			table.row(Stream.concat(Stream.of(String.valueOf(size)), cells).toArray(String[]::new));
		}
		return "Medians, in brackets the range.\n\n" + table;
	}

	private static String cell(List<Point> points, int size, String column) {
		return points.stream()
			.filter((point) -> point.size() == size && column(point).equals(column))
			.map((point) -> point.values().text((point.values().max() < 100) ? "%.2f" : "%.0f"))
			.findFirst()
			.orElse("-");
	}

	private static String column(Point point) {
		return point.metric() + ", `" + point.server() + "`";
	}

}
