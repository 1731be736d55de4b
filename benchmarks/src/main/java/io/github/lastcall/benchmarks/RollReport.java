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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.github.lastcall.benchmarks.RollingRestart.Restart;
import io.github.lastcall.benchmarks.RollingRestart.ServerRun;

/**
 * What the rolls have shown: a table, a JSON file and a picture.
 */
final class RollReport {

	private final Path folder;

	private final Map<String, Object> settings;

	private final Map<String, String> skipped;

	private final List<ServerRun> runs = new ArrayList<>();

	RollReport(Path folder, Map<String, Object> settings, Map<String, String> skipped) {
		this.folder = folder;
		this.settings = settings;
		this.skipped = skipped;
	}

	void add(ServerRun run) {
		this.runs.add(run);
		System.out.println();
		System.out.printf("%-18s %-9s %-13s %-5s %9s %7s %8s %6s %12s%n", "server", "balancer", "calls", "conn.",
				"calls", "failed", "resumed", "open", "slowest (ms)");
		for (Lane lane : run.lanes()) {
			System.out.printf("%-18s %-9s %-13s %-5s %9d %7d %8d %6d %12d%n", run.server(), lane.balancer(),
					lane.kind(), lane.connections(), lane.calls(), lane.failed(), lane.resumed(), lane.open(),
					lane.slowestExtraMillis());
			reasons(run, lane).forEach((reason, count) -> System.out.printf("    %6d x %s%n", count, reason));
		}
		this.skipped.forEach(
				(balancer, reason) -> System.out.printf("%-18s %-9s skipped: %s%n", run.server(), balancer, reason));
		if (failedBefore(run) > 0) {
			System.out.printf("%d of them failed before the first SIGTERM: the machine was too busy, run it again%n",
					failedBefore(run));
		}
		System.out.println();
	}

	private static long failedBefore(ServerRun run) {
		long first = run.restarts().get(0).terminated();
		return run.failures().all().stream().filter((failure) -> failure.millis() < first).count();
	}

	void write() throws IOException {
		Map<String, Object> result = new LinkedHashMap<>();
		result.put("environment", Environment.describe());
		result.put("settings", this.settings);
		result.put("skipped", this.skipped);
		result.put("servers", this.runs.stream().map(RollReport::describe).toList());
		Files.createDirectories(this.folder);
		Json.write(this.folder.resolve("rolling-restart.json"), result);
		new RollPicture(this.runs).write(this.folder.resolve("rolling-restart.png"));
	}

	private static Map<String, Object> describe(ServerRun run) {
		Map<String, Object> result = new LinkedHashMap<>();
		result.put("server", run.server());
		List<Map<String, Object>> cells = new ArrayList<>();
		for (Lane lane : run.lanes()) {
			Map<String, Object> cell = new LinkedHashMap<>();
			cell.put("balancer", lane.balancer());
			cell.put("calls", lane.kind());
			cell.put("connections", lane.connections());
			cell.put("made", lane.calls());
			cell.put("failed", lane.failed());
			cell.put("resumed", lane.resumed());
			cell.put("neverEnded", lane.open());
			cell.put("slowestBeyondItsTimeMillis", lane.slowestExtraMillis());
			cell.put("slowestMoment", moment(run.restarts(), lane.slowestAt()));
			cell.put("reasons", reasons(run, lane));
			cells.add(cell);
		}
		result.put("failedBeforeTheFirstRestart", failedBefore(run));
		result.put("cells", cells);
		result.put("restarts", run.restarts());
		result.put("failures", failures(run));
		return result;
	}

	private static List<Map<String, Object>> failures(ServerRun run) {
		List<Map<String, Object>> failures = new ArrayList<>();
		for (FailureLog.Failure failure : run.failures().all()) {
			Map<String, Object> entry = new LinkedHashMap<>();
			entry.put("millis", failure.millis());
			entry.put("moment", moment(run.restarts(), failure.millis()));
			entry.put("balancer", failure.balancer());
			entry.put("calls", failure.kind());
			entry.put("connections", failure.connections());
			entry.put("status", failure.status());
			failures.add(entry);
		}
		return failures;
	}

	/**
	 * The moment in the roll.
	 */
	private static String moment(List<Restart> restarts, long millis) {
		String moment = "before the first restart";
		for (Restart restart : restarts) {
			if (millis >= restart.terminated()) {
				String phase = (millis < restart.exited()) ? "stopping"
						: (millis < restart.started()) ? "away" : (millis < restart.serving()) ? "starting" : "back";
				moment = "roll %d, replica %d, SIGTERM + %d ms (%s)".formatted(restart.roll(), restart.replica(),
						millis - restart.terminated(), phase);
			}
		}
		return moment;
	}

	private static Map<String, Long> reasons(ServerRun run, Lane lane) {
		return run.failures().byReason(lane.balancer(), lane.kind(), lane.connections());
	}

}
