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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Rolls three replicas under load, one after the other, and counts the calls that fail.
 */
final class RollingRestart {

	private static final int REPLICAS = 3;

	private static final long WARM_UP_MILLIS = 10_000;

	private static final long EXIT_TIMEOUT_MILLIS = 60_000;

	private static final String[] JVM_OPTIONS = { "-Xmx160m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
			"-XX:CICompilerCount=1" };

	private final List<String> servers;

	private final List<String> balancers;

	private final Map<String, String> skipped = new LinkedHashMap<>();

	private final List<CallKind> kinds;

	private final List<String> connections;

	private final int rolls;

	private final int rate;

	private final int streams;

	private final long gapMillis;

	private final long settleMillis;

	private final Path out;

	RollingRestart(Options options) {
		this.servers = options.list("servers", "lastcall,lastcall-no-delay,plain,boot");
		this.servers.forEach(ServerKind::named);
		List<String> wanted = options.list("balancers", "l4,l7,nginx,client,python");
		wanted.forEach((name) -> Balancer.missing(name).ifPresent((reason) -> this.skipped.put(name, reason)));
		this.balancers = wanted.stream().filter((name) -> !this.skipped.containsKey(name)).toList();
		if (this.balancers.isEmpty()) {
			throw new IllegalStateException("No balancer is left, skipped: " + this.skipped);
		}
		this.kinds = options.list("calls", "unary-5ms,unary-2s,server-stream,bidi-stream")
			.stream()
			.map(CallKind::named)
			.toList();
		this.connections = options.list("connections", "long,short");
		this.rolls = options.number("rolls", 1);
		this.rate = options.number("rate", 300);
		this.streams = options.number("streams", 20);
		this.gapMillis = TimeUnit.SECONDS.toMillis(options.number("gap", 6));
		this.settleMillis = TimeUnit.SECONDS.toMillis(options.number("settle", 8));
		this.out = Path.of(options.text("out", "benchmarks/results"));
	}

	void run() throws Exception {
		RollReport report = new RollReport(this.out, settings(), this.skipped);
		for (String server : this.servers) {
			report.add(roll(ServerKind.named(server)));
			report.write();
		}
	}

	private Map<String, Object> settings() {
		Map<String, Object> settings = new LinkedHashMap<>();
		settings.put("rolls", this.rolls);
		settings.put("replicas", REPLICAS);
		settings.put("balancers", this.balancers);
		settings.put("calls", this.kinds.stream().map(CallKind::name).toList());
		settings.put("connections", this.connections);
		settings.put("unaryCallsPerSecondAndBalancer", this.rate);
		settings.put("streamsPerKindAndBalancer", this.streams);
		settings.put("gapMillis", this.gapMillis);
		settings.put("settleMillis", this.settleMillis);
		return settings;
	}

	private ServerRun roll(ServerKind kind) throws Exception {
		System.out.printf("%s: starting%n", kind.name());
		List<AutoCloseable> open = new ArrayList<>();
		List<Replica> replicas = new ArrayList<>();
		try {
			for (int i = 1; i <= REPLICAS; i++) {
				Replica replica = new Replica(kind, "replica-" + i, JVM_OPTIONS);
				open.add(replica);
				replica.begin();
				replicas.add(replica);
			}
			for (Replica replica : replicas) {
				replica.awaitServing();
			}
			LoadTimer timer = new LoadTimer();
			open.add(timer);
			FailureLog failures = new FailureLog();
			List<Lane> lanes = new ArrayList<>();
			for (String name : this.balancers) {
				Balancer balancer = Balancer.named(name, replicas);
				open.add(balancer);
				for (CallKind call : this.kinds) {
					for (String connection : this.connections) {
						lanes.add(new Lane(name, balancer, call, connection.equals("short"), timer, failures));
					}
				}
			}
			// The balancers are up, and know their replicas.
			Thread.sleep(3_000);
			start(lanes);
			Thread.sleep(WARM_UP_MILLIS);
			lanes.forEach(Lane::warm);
			List<Restart> restarts = new ArrayList<>();
			for (int roll = 1; roll <= this.rolls; roll++) {
				for (int i = 0; i < REPLICAS; i++) {
					restarts.add(restart(kind, roll, i + 1, replicas.get(i), failures));
				}
				System.out.printf("%s: roll %d of %d, %d calls failed so far%n", kind.name(), roll, this.rolls,
						failures.all().size());
			}
			lanes.forEach(Lane::stop);
			awaitEnd(lanes);
			lanes.forEach(Lane::close);
			return new ServerRun(kind.name(), lanes, restarts, failures);
		}
		finally {
			// In reverse: the load first, the servers last.
			for (int i = open.size() - 1; i >= 0; i--) {
				open.get(i).close();
			}
		}
	}

	private void start(List<Lane> lanes) {
		long unary = this.kinds.stream().filter((kind) -> !kind.isStream()).count() * this.connections.size();
		for (Lane lane : lanes) {
			lane.start((double) this.rate / Math.max(1, unary), Math.max(1, this.streams / this.connections.size()));
		}
	}

	private Restart restart(ServerKind kind, int roll, int number, Replica replica, FailureLog log)
			throws IOException, InterruptedException {
		long terminated = log.now();
		replica.process().terminate();
		boolean byItself = replica.process().awaitExit(EXIT_TIMEOUT_MILLIS);
		long exited = log.now();
		Thread.sleep(this.gapMillis);
		long started = log.now();
		replica.start();
		long serving = log.now();
		Thread.sleep(this.settleMillis);
		System.out.printf("%s: roll %d, replica %d: exit after %d ms%s, serving again after %d ms%n", kind.name(), roll,
				number, exited - terminated, byItself ? "" : " (killed)", serving - terminated);
		return new Restart(roll, number, terminated, exited, byItself, started, serving);
	}

	private static void awaitEnd(List<Lane> lanes) throws InterruptedException {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
		while (System.nanoTime() < deadline && lanes.stream().anyMatch((lane) -> lane.open() > 0)) {
			Thread.sleep(100);
		}
	}

	/**
	 * One server's run.
	 *
	 * @param server the name of the server
	 * @param lanes the load
	 * @param restarts the restarts
	 * @param failures the calls that failed
	 */
	record ServerRun(String server, List<Lane> lanes, List<Restart> restarts, FailureLog failures) {

	}

	/**
	 * One restart of one replica; times are milliseconds since the failure log began.
	 *
	 * @param roll the number of the roll
	 * @param replica the number of the replica
	 * @param terminated when SIGTERM was sent
	 * @param exited when the process had exited
	 * @param byItself whether it exited without SIGKILL
	 * @param started when the replacement was started
	 * @param serving when it was SERVING
	 */
	record Restart(int roll, int replica, long terminated, long exited, boolean byItself, long started, long serving) {

	}

}
