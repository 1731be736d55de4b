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
import java.time.Instant;

import org.springframework.context.ApplicationEvent;

/**
 * Event published when the state of a server has changed, in the order of the transitions
 * and on the thread that causes them. The next transition waits for the listeners, so
 * they must not block.
 */
public class GrpcServerStateChangedEvent extends ApplicationEvent {

	private final String server;

	private final GrpcServerState from;

	private final GrpcServerState to;

	private final Duration timeInFrom;

	private final int callsInFlight;

	private final Instant since;

	/**
	 * Creates a new event.
	 * @param source the drain of the server
	 * @param server the name of the server
	 * @param from the state before
	 * @param to the state now
	 * @param timeInFrom how long the server was in the state before
	 * @param callsInFlight application calls in flight at that moment
	 * @param since when the state changed
	 */
	public GrpcServerStateChangedEvent(Object source, String server, GrpcServerState from, GrpcServerState to,
			Duration timeInFrom, int callsInFlight, Instant since) {
		super(source);
		this.server = server;
		this.from = from;
		this.to = to;
		this.timeInFrom = timeInFrom;
		this.callsInFlight = callsInFlight;
		this.since = since;
	}

	/**
	 * Returns the name of the server.
	 * @return the name
	 */
	public String getServer() {
		return this.server;
	}

	/**
	 * Returns the previous state.
	 * @return the state
	 */
	public GrpcServerState getFrom() {
		return this.from;
	}

	/**
	 * Returns the new state.
	 * @return the state
	 */
	public GrpcServerState getTo() {
		return this.to;
	}

	/**
	 * Returns the time that the server was in the previous state.
	 * @return the time
	 */
	public Duration getTimeInFrom() {
		return this.timeInFrom;
	}

	/**
	 * Returns the number of application calls in flight at the change.
	 * @return the number of calls
	 */
	public int getCallsInFlight() {
		return this.callsInFlight;
	}

	/**
	 * Returns the time of the change.
	 * @return the time
	 */
	public Instant getSince() {
		return this.since;
	}

	@Override
	public String toString() {
		return "GrpcServerStateChangedEvent[server=%s, from=%s, to=%s, timeInFrom=%s, callsInFlight=%d, since=%s]"
			.formatted(this.server, this.from, this.to, this.timeInFrom, this.callsInFlight, this.since);
	}

}
