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

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.context.ApplicationEventPublisher;

/**
 * Status of one server, and the order in which its changes are told: first to the
 * listeners of this library (health turns NOT_SERVING, every watcher is notified), then
 * to the log, then to the listeners of the application. A failing listener does not stop
 * the others.
 */
final class StateNotifications {

	private final String server;

	private final Clock clock;

	private final ApplicationEventPublisher publisher;

	private final List<GrpcServerStateListener> listeners;

	private final DrainLog log;

	private volatile GrpcServerStatus status = new GrpcServerStatus(GrpcServerState.STOPPED, Instant.EPOCH, null,
			false);

	StateNotifications(String server, Clock clock, ApplicationEventPublisher publisher,
			List<GrpcServerStateListener> listeners, DrainLog log) {
		this.server = server;
		this.clock = clock;
		this.publisher = publisher;
		this.listeners = List.copyOf(listeners);
		this.log = log;
	}

	GrpcServerStatus status() {
		return this.status;
	}

	/**
	 * Makes the server part of the status, whose state stays the same.
	 */
	void bound(GrpcServer server) {
		this.status = new GrpcServerStatus(this.status.state(), this.status.since(), server, false);
	}

	/**
	 * Changes the status and notifies everybody.
	 * @param source the drain that changes it
	 * @param to the new state
	 * @param server the server in that state, if there is one
	 * @param failed whether the server has failed
	 * @param detail why the state changes
	 * @param time how long the last state took
	 */
	void change(GrpcServerDrain source, GrpcServerState to, @Nullable GrpcServer server, boolean failed, String detail,
			Duration time) {
		GrpcServerState from = this.status.state();
		Instant since = this.clock.instant();
		int calls = source.getCalls().count();
		this.status = new GrpcServerStatus(to, since, server, failed);
		for (GrpcServerStateListener listener : this.listeners) {
			carefully("a listener", () -> listener.stateChanged(this.server, from, to));
		}
		this.log.transition(from, to, time, detail, calls, source.getConnections().count());
		carefully("a listener", () -> this.publisher
			.publishEvent(new GrpcServerStateChangedEvent(source, this.server, from, to, time, calls, since)));
	}

	/**
	 * Runs an action whose failure must not keep the server from stopping.
	 */
	void carefully(String what, Runnable action) {
		try {
			action.run();
		}
		catch (Throwable ex) {
			this.log.failed(what + " failed on " + this.status.state(), ex);
		}
	}

}
