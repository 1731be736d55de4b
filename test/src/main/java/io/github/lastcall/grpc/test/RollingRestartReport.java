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

package io.github.lastcall.grpc.test;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

import io.grpc.Status;

/**
 * What happened to the calls during a {@link RollingRestart}.
 */
public final class RollingRestartReport {

	/**
	 * Failed calls with the same status that are shown.
	 */
	private static final int SHOWN = 5;

	private final int replicas;

	private final int callsPerSecond;

	private final Duration duration;

	private final Map<Client, Integer> calls;

	private final List<FailedCall> failures;

	private final Duration slowestCall;

	private final String slowestPhase;

	RollingRestartReport(int replicas, int callsPerSecond, Duration duration, Map<Client, Integer> calls,
			List<FailedCall> failures, Duration slowestCall, String slowestPhase) {
		this.replicas = replicas;
		this.callsPerSecond = callsPerSecond;
		this.duration = duration;
		this.calls = calls;
		this.failures = failures;
		this.slowestCall = slowestCall;
		this.slowestPhase = slowestPhase;
	}

	/**
	 * Returns the number of calls that have ended, including those that failed.
	 * @return the number
	 */
	public int getCalls() {
		return this.calls.values().stream().mapToInt(Integer::intValue).sum();
	}

	/**
	 * Returns the number of calls of one kind of client.
	 * @param client the kind of client
	 * @return the number, including calls that failed
	 */
	public int getCalls(Client client) {
		return this.calls.getOrDefault(client, 0);
	}

	/**
	 * Returns the calls that failed, in the order in which they ended.
	 * @return the calls
	 */
	public List<FailedCall> getFailedCalls() {
		return this.failures;
	}

	/**
	 * Returns the longest time that a call took.
	 * @return the time
	 */
	public Duration getSlowestCall() {
		return this.slowestCall;
	}

	/**
	 * Verifies that calls were made and no call failed. The error contains the report.
	 * @return this report
	 */
	public RollingRestartReport assertNoFailedCall() {
		if (!this.failures.isEmpty()) {
			throw new AssertionError("Expected no failed call, but %d of %d failed.%n%s".formatted(this.failures.size(),
					getCalls(), this));
		}
		if (getCalls() == 0) {
			throw new AssertionError("Expected calls, but none was made.");
		}
		return this;
	}

	/**
	 * Returns the report: calls, failures by status and moment, and the slowest call.
	 */
	@Override
	public String toString() {
		StringBuilder text = new StringBuilder("%d %s restarted under %d calls/s in %.1f s: %d calls, %d failed"
			.formatted(this.replicas, (this.replicas == 1) ? "replica" : "replicas", this.callsPerSecond,
					seconds(this.duration), getCalls(), this.failures.size()));
		for (Client client : Client.values()) {
			text.append("%n  %s: %d calls, %d failed".formatted(client.text, getCalls(client),
					this.failures.stream().filter((failure) -> failure.client() == client).count()));
		}
		text.append(
				"%n  slowest call: %d ms, begun when: %s".formatted(this.slowestCall.toMillis(), this.slowestPhase));
		Map<Status.Code, List<FailedCall>> byStatus = this.failures.stream()
			.collect(Collectors.groupingBy(FailedCall::status, TreeMap::new, Collectors.toList()));
		byStatus.forEach((status, failures) -> {
			text.append("%n  %d x %s".formatted(failures.size(), status));
			failures.stream().limit(SHOWN).forEach((failure) -> text.append("%n    ".formatted()).append(failure));
			if (failures.size() > SHOWN) {
				text.append("%n    and %d more, until %.1f s".formatted(failures.size() - SHOWN,
						seconds(Collections.max(failures.stream().map(FailedCall::moment).toList()))));
			}
		});
		return text.toString();
	}

	private static double seconds(Duration duration) {
		return duration.toMillis() / 1000.0;
	}

	/**
	 * Kinds of clients.
	 */
	public enum Client {

		/**
		 * A client that balances calls over all replicas and checks their health.
		 */
		CALL_BALANCING("client-side balancing with health checks"),

		/**
		 * Clients behind a balancer of connections, without health checks.
		 */
		CONNECTION_BALANCING("behind a balancer of connections");

		private final String text;

		Client(String text) {
			this.text = text;
		}

	}

	/**
	 * A call that failed.
	 *
	 * @param client the kind of client
	 * @param status the code of the status, UNKNOWN for other exceptions
	 * @param description the status or the exception
	 * @param moment when the call began, since all replicas have served
	 * @param phase what the replicas did then
	 */
	public record FailedCall(Client client, Status.Code status, String description, Duration moment, String phase) {

		@Override
		public String toString() {
			return "%.1f s (%s, %s): %s".formatted(seconds(this.moment), this.phase, this.client.text,
					this.description);
		}

	}

}
