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

package io.github.lastcall.grpc.lifecycle;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import io.github.lastcall.grpc.call.ForcedCall;
import io.github.lastcall.grpc.executor.ServerTimer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Logs the states of one server for an operator: a line for each transition, one for each
 * forced call, and a summary.
 */
final class DrainLog {

	private static final int MAX_FORCED_CALLS = 20;

	private static final Log logger = LogFactory.getLog(GrpcServerDrain.class);

	private final String server;

	private final ServerTimer timer;

	private final Map<GrpcServerState, Duration> times = new EnumMap<>(GrpcServerState.class);

	private int forced;

	DrainLog(String server, ServerTimer timer) {
		this.server = server;
		this.timer = timer;
	}

	void transition(GrpcServerState from, GrpcServerState to, Duration time, String detail, int callsInFlight,
			int connections) {
		if (to == GrpcServerState.STARTING) {
			this.times.clear();
			this.forced = 0;
		}
		if (from.isStopping()) {
			this.times.put(from, time);
		}
		logger.info("gRPC server '%s' %s -> %s%s%s (calls in flight %d, connections %d)".formatted(this.server, from,
				to, (from != GrpcServerState.STOPPED) ? " after " + DurationText.rounded(time) : "",
				detail.isEmpty() ? "" : ": " + detail, callsInFlight, connections));
	}

	void streamsClosed(int count) {
		if (count > 0) {
			this.forced += count;
			logger
				.info("gRPC server '%s' closed %d streaming calls: grace period expired".formatted(this.server, count));
		}
	}

	void forced(List<ForcedCall> calls) {
		long now = this.timer.nanoTime();
		this.forced += calls.size();
		for (ForcedCall call : calls.subList(0, Math.min(calls.size(), MAX_FORCED_CALLS))) {
			logger.warn("gRPC server '%s' forced call %s: age %s, peer %s%s".formatted(this.server, call.method(),
					DurationText.rounded(Duration.ofNanos(now - call.startNanos())), call.peer(), call.progress()));
		}
		if (calls.size() > MAX_FORCED_CALLS) {
			logger
				.warn("gRPC server '%s' forced %d more calls".formatted(this.server, calls.size() - MAX_FORCED_CALLS));
		}
	}

	void terminated() {
		logger.error("gRPC server '%s' terminated unexpectedly".formatted(this.server));
	}

	void shutDown(String method) {
		logger.warn("gRPC server '%s': the application shut it down with Server.%s".formatted(this.server, method));
	}

	void failed(String what, Throwable failure) {
		logger.error("gRPC server '%s': %s".formatted(this.server, what), failure);
	}

	void summary(long callsEnded) {
		logger.info("gRPC server '%s' has shut down: %s; %d calls ended while draining, %d of them forced".formatted(
				this.server,
				this.times.entrySet()
					.stream()
					.map((entry) -> entry.getKey() + " " + DurationText.rounded(entry.getValue()))
					.collect(Collectors.joining(", ")),
				callsEnded, this.forced));
	}

}
