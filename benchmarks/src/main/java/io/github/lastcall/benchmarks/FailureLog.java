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
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

import io.grpc.Status;

/**
 * Every call that failed, with the moment.
 */
final class FailureLog {

	private final long start = System.nanoTime();

	private final Queue<Failure> failures = new ConcurrentLinkedQueue<>();

	void add(Lane lane, Status status) {
		this.failures.add(new Failure(now(), lane.balancer(), lane.kind(), lane.connections(), status.getCode().name(),
				description(status)));
	}

	/**
	 * Milliseconds since the log began.
	 */
	long now() {
		return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - this.start);
	}

	List<Failure> all() {
		return List.copyOf(this.failures);
	}

	Map<String, Long> byReason(String balancer, String kind, String connections) {
		Map<String, Long> counts = new TreeMap<>();
		for (Failure failure : this.failures) {
			if (failure.balancer().equals(balancer) && failure.kind().equals(kind)
					&& failure.connections().equals(connections)) {
				counts.merge(failure.status() + ": " + failure.description(), 1L, Long::sum);
			}
		}
		return counts;
	}

	/**
	 * Without addresses and numbers, which differ from call to call.
	 */
	private static String description(Status status) {
		StringBuilder text = new StringBuilder(String.valueOf(status.getDescription()));
		for (Throwable cause = status.getCause(); cause != null; cause = cause.getCause()) {
			text.append(" <- ").append(cause.getClass().getSimpleName());
		}
		String description = text.toString()
			.replaceAll("/?127\\.0\\.0\\.1:\\d+", "<address>")
			.replaceAll("0x[0-9a-f]+", "<id>")
			.replaceAll("\\d+\\.\\d+", "<number>")
			.replace('\n', ' ');
		return (description.length() > 200) ? description.substring(0, 200) : description;
	}

	/**
	 * A call that failed.
	 *
	 * @param millis when, since the log began
	 * @param balancer the balancer
	 * @param kind the kind of call
	 * @param connections whether the connection lived long or short
	 * @param status the status code
	 * @param description what the client was told
	 */
	record Failure(long millis, String balancer, String kind, String connections, String status, String description) {

	}

}
