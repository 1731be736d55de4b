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
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

import io.github.lastcall.grpc.test.RollingRestartReport.Client;
import io.github.lastcall.grpc.test.RollingRestartReport.FailedCall;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * What happened when: what the replicas did, and how calls ended.
 */
final class Timeline {

	private final int replicas;

	private final int callsPerSecond;

	private final NavigableMap<Long, String> phases = new TreeMap<>();

	private final Map<Client, Integer> calls = new EnumMap<>(Client.class);

	private final List<FailedCall> failures = new ArrayList<>();

	private long begun;

	private long ended;

	private long slowest = -1;

	private String slowestPhase = "";

	Timeline(int replicas, int callsPerSecond) {
		this.replicas = replicas;
		this.callsPerSecond = callsPerSecond;
	}

	synchronized void begin() {
		this.begun = System.nanoTime();
		phase("all replicas serve");
	}

	synchronized void end() {
		this.ended = System.nanoTime();
	}

	synchronized void phase(String phase) {
		this.phases.put(System.nanoTime() - this.begun, phase);
	}

	synchronized void ended(Client client, long begun, long ended, @Nullable Throwable failure) {
		this.calls.merge(client, 1, Integer::sum);
		if (ended - begun > this.slowest) {
			this.slowest = ended - begun;
			this.slowestPhase = phaseAt(begun);
		}
		if (failure != null) {
			this.failures.add(failed(client, begun, failure));
		}
	}

	synchronized void hanging(Client client, int calls) {
		for (int i = 0; i < calls; i++) {
			this.failures.add(new FailedCall(client, Status.Code.UNKNOWN,
					"The call did not end, and the test did not wait longer for it", Duration.ZERO, "unknown"));
		}
	}

	private FailedCall failed(Client client, long begun, Throwable failure) {
		boolean status = Failures.isStatus(failure);
		String description = status ? Failures.text(Status.fromThrowable(failure), failure) : failure.toString();
		Throwable cause = failure.getCause();
		return new FailedCall(client, status ? Status.fromThrowable(failure).getCode() : Status.Code.UNKNOWN,
				(cause != null) ? description + ": " + cause.getMessage() : description,
				Duration.ofNanos(begun - this.begun), phaseAt(begun));
	}

	private String phaseAt(long nanoTime) {
		Map.Entry<Long, String> phase = this.phases.floorEntry(nanoTime - this.begun);
		return (phase != null) ? phase.getValue() : "the start";
	}

	synchronized RollingRestartReport report() {
		return new RollingRestartReport(this.replicas, this.callsPerSecond, Duration.ofNanos(this.ended - this.begun),
				Map.copyOf(this.calls), List.copyOf(this.failures), Duration.ofNanos(Math.max(0, this.slowest)),
				this.slowestPhase);
	}

}
