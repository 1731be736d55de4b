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
import java.util.function.Supplier;

import com.google.protobuf.BytesValue;
import io.github.lastcall.benchmarks.service.CallMethods;
import io.github.lastcall.benchmarks.service.CallPattern;
import io.github.lastcall.benchmarks.service.ClosedLoop;
import io.github.lastcall.benchmarks.service.LoadMethods;
import io.grpc.Channel;

/**
 * Calls of one kind, so many in flight on so many connections.
 *
 * @param name its name in options and results
 * @param text what it is, for people
 * @param pattern how each call goes
 * @param callsInFlight the number of callers
 * @param connections the number of connections
 */
record Load(String name, String text, CallPattern<BytesValue, BytesValue> pattern, int callsInFlight, int connections) {

	private static final int CALLS_IN_FLIGHT = 64;

	private static final int CONNECTIONS = 4;

	private static final BytesValue SMALL = CallMethods.message(new byte[16]);

	private static final BytesValue THOUSAND = CallMethods.message(LoadMethods.number(1000));

	/**
	 * The kinds of calls that servers are compared with.
	 */
	static final List<Load> CALLS = List.of(
			new Load("unary", "unary calls of 16 bytes, answered with the same",
					CallPattern.unary(CallMethods.ECHO, SMALL), CALLS_IN_FLIGHT, CONNECTIONS),
			new Load("unary-64k", "unary calls of 64 KiB, answered with the same",
					CallPattern.unary(CallMethods.ECHO, CallMethods.message(new byte[65_536])), CALLS_IN_FLIGHT,
					CONNECTIONS),
			new Load("stream", "server streams of 1000 messages of 8 bytes",
					new CallPattern<>(CallMethods.STREAM, () -> THOUSAND, 1, 1000), CALLS_IN_FLIGHT, CONNECTIONS),
			new Load("ping-pong",
					"bidirectional streams of 100 messages of 16 bytes, each sent when the one before is back",
					new CallPattern<>(CallMethods.PING_PONG, () -> SMALL, 100, 100), CALLS_IN_FLIGHT, CONNECTIONS));

	static Load work(String name, String text, int callsInFlight, Supplier<BytesValue> request) {
		return new Load(name, text, new CallPattern<>(CallMethods.WORK, request, 1, 1), callsInFlight, CONNECTIONS);
	}

	static List<Load> named(List<String> names) {
		return names.stream()
			.map((name) -> CALLS.stream()
				.filter((load) -> load.name().equals(name))
				.findFirst()
				.orElseThrow(() -> new IllegalArgumentException(
						"No such calls: %s. There are %s".formatted(name, CALLS.stream().map(Load::name).toList()))))
			.toList();
	}

	ClosedLoop<BytesValue, BytesValue> on(List<? extends Channel> channels) {
		return new ClosedLoop<>(channels, this.pattern, this.callsInFlight);
	}

}
