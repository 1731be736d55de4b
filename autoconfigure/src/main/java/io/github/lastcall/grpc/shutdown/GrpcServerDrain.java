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

package io.github.lastcall.grpc.shutdown;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

import io.github.lastcall.grpc.server.GrpcServer;
import io.github.lastcall.grpc.server.GrpcServerSupervisor;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ApplicationEventPublisher;
import org.springframework.util.Assert;

/**
 * Takes one server through its {@link GrpcServerState states}.
 * <p>
 * All transitions run one after the other in a {@link SynchronizationContext}, on
 * whichever thread causes them; no thread waits and no lock is held. What a connection or
 * a call reports is handed to the timer's thread first, so that no event loop ever runs a
 * transition.
 */
public final class GrpcServerDrain implements GrpcServerSupervisor {

	/**
	 * How long connections without a call may take to close by themselves after GOAWAY: a
	 * client that has died answers nothing, and a call that crosses the GOAWAY is still
	 * served.
	 */
	static final Duration CONNECTION_LINGER = Duration.ofMillis(500);

	private static final int MAX_FORCED_CALLS_IN_LOG = 20;

	private static final Log logger = LogFactory.getLog(GrpcServerDrain.class);

	private final SynchronizationContext transitions = new SynchronizationContext(
			(thread, ex) -> logger.error("A transition of gRPC server '" + getName() + "' failed", ex));

	private final String name;

	private final ShutdownSettings settings;

	private final InFlightCalls calls;

	private final Connections connections;

	private final ServerTimer timer;

	private final Clock clock;

	private final ApplicationEventPublisher publisher;

	private final List<GrpcServerStateListener> listeners;

	private final List<Runnable> announced = new ArrayList<>();

	private final List<Runnable> stopped = new ArrayList<>();

	private final List<Runnable> timers = new ArrayList<>();

	private final Map<GrpcServerState, Duration> times = new EnumMap<>(GrpcServerState.class);

	private volatile GrpcServerStatus status = new GrpcServerStatus(GrpcServerState.STOPPED, Instant.EPOCH, null,
			false);

	private @Nullable GrpcServer server;

	private long enteredNanos;

	private boolean applicationReady;

	private boolean announcementOver;

	private boolean lingering;

	private boolean terminated;

	private int forced;

	/**
	 * Create a new drain for a server that has not started.
	 * @param name the name of the server
	 * @param settings how long the states may take
	 * @param calls the calls in flight on the server
	 * @param connections the connections of the server
	 * @param timer tells and gives the time
	 * @param clock tells when a state has begun
	 * @param publisher gets a {@link GrpcServerStateChangedEvent} for each transition
	 * @param listeners told of each transition before anybody else
	 */
	public GrpcServerDrain(String name, ShutdownSettings settings, InFlightCalls calls, Connections connections,
			ServerTimer timer, Clock clock, ApplicationEventPublisher publisher,
			List<GrpcServerStateListener> listeners) {
		Assert.hasText(name, "'name' must not be empty");
		this.name = name;
		this.settings = settings;
		this.calls = calls;
		this.connections = connections;
		this.timer = timer;
		this.clock = clock;
		this.publisher = publisher;
		this.listeners = List.copyOf(listeners);
	}

	/**
	 * The name of the server.
	 * @return the name
	 */
	public String getName() {
		return this.name;
	}

	/**
	 * The settings in force.
	 * @return the settings
	 */
	public ShutdownSettings getSettings() {
		return this.settings;
	}

	/**
	 * The state now, since when, and of which server: one consistent view.
	 * @return the status
	 */
	public GrpcServerStatus getStatus() {
		return this.status;
	}

	/**
	 * How many calls of the application are in flight.
	 * @return the number of calls
	 */
	public int getCallsInFlight() {
		return this.calls.count();
	}

	/**
	 * How many connections are open.
	 * @return the number of connections
	 */
	public int getConnections() {
		return this.connections.count();
	}

	@Override
	public boolean isRunning() {
		return this.status.state() != GrpcServerState.STOPPED;
	}

	@Override
	public void starting() {
		this.transitions.execute(() -> {
			this.server = null;
			this.announcementOver = false;
			this.lingering = false;
			this.terminated = false;
			this.forced = 0;
			this.times.clear();
			to(GrpcServerState.STARTING, "", false);
		});
	}

	@Override
	public void started(GrpcServer server) {
		this.calls.open(server.getServices());
		server.onTermination(() -> later(() -> terminated(server)));
		this.transitions.execute(() -> {
			if (this.status.state() != GrpcServerState.STARTING) {
				server.getServer().shutdownNow();
				return;
			}
			this.server = server;
			this.status = new GrpcServerStatus(GrpcServerState.STARTING, this.status.since(), server, false);
			serveIfReady();
		});
	}

	@Override
	public void startFailed() {
		this.transitions.execute(() -> to(GrpcServerState.STOPPED, "it could not start", true));
	}

	/**
	 * Tell whether the application accepts traffic. A bound server serves once it does;
	 * afterwards health alone follows it.
	 * @param ready whether the application accepts traffic
	 */
	public void applicationReady(boolean ready) {
		this.transitions.execute(() -> {
			this.applicationReady = ready;
			serveIfReady();
		});
	}

	/**
	 * Announce that the server is going to stop, and go on serving meanwhile. Does
	 * nothing in a server that announces already, and only calls back if there is nobody
	 * to tell (it never served) or nothing to announce any more.
	 * @param callback called once when the propagation delay is over
	 */
	public void announce(Runnable callback) {
		this.transitions.execute(() -> {
			if (this.status.state() == GrpcServerState.SERVING) {
				Duration delay = this.settings.propagationDelay();
				to(GrpcServerState.ANNOUNCING, "health is NOT_SERVING"
						+ (delay.isZero() ? "" : ", calls are served for another " + text(delay)), false);
				in(delay, this::announced);
			}
			if (this.status.state() == GrpcServerState.ANNOUNCING && !this.announcementOver) {
				this.announced.add(callback);
			}
			else {
				callback.run();
			}
		});
	}

	@Override
	public void stop(Runnable callback) {
		this.transitions.execute(() -> {
			if (!isRunning()) {
				callback.run();
				return;
			}
			this.stopped.add(callback);
			if (this.status.state() != GrpcServerState.DRAINING && this.status.state() != GrpcServerState.FORCING) {
				drain();
			}
		});
	}

	private void serveIfReady() {
		if (this.status.state() == GrpcServerState.STARTING && this.server != null && this.applicationReady) {
			to(GrpcServerState.SERVING, "", false);
		}
	}

	private void announced() {
		cancelTimers();
		this.announcementOver = true;
		List<Runnable> callbacks = List.copyOf(this.announced);
		this.announced.clear();
		callbacks.forEach(Runnable::run);
	}

	private void drain() {
		GrpcServer server = this.server;
		announced();
		if (server == null) {
			to(GrpcServerState.STOPPED, "it was not bound", false);
			return;
		}
		to(GrpcServerState.DRAINING,
				"new calls are refused, calls in flight may take " + text(this.settings.gracePeriod()), false);
		// GOAWAY first: a client whose Watch ends on a live connection opens it again.
		server.getServer().shutdown();
		this.calls.drain(() -> later(this::idle));
		in(this.settings.gracePeriod(), this::force);
		idle();
	}

	/**
	 * No call of the application may be left: end as soon as the connections are gone.
	 */
	private void idle() {
		GrpcServerState state = this.status.state();
		if ((state != GrpcServerState.DRAINING && state != GrpcServerState.FORCING) || this.calls.count() > 0) {
			return;
		}
		if (this.terminated) {
			stopped("all calls have ended");
		}
		else if (!this.lingering) {
			this.lingering = true;
			in(CONNECTION_LINGER, this::closeConnections);
		}
	}

	private void closeConnections() {
		this.lingering = false;
		if (this.calls.count() == 0) {
			requireServer().getServer().shutdownNow();
		}
	}

	private void force() {
		to(GrpcServerState.FORCING, "the grace period is over", false);
		Collection<InFlightCall> calls = this.calls
			.close(Status.UNAVAILABLE.withDescription("The server is shutting down: its grace period of %s is over"
				.formatted(text(this.settings.gracePeriod()))));
		this.forced = calls.size();
		calls.stream().limit(MAX_FORCED_CALLS_IN_LOG).forEach(this::warnOfForcedCall);
		if (this.forced > MAX_FORCED_CALLS_IN_LOG) {
			logger.warn("... and %d more calls".formatted(this.forced - MAX_FORCED_CALLS_IN_LOG));
		}
		// Half of the time is for the statuses to reach the clients, half for the
		// clean-up.
		Duration timeout = this.settings.forceTimeout();
		in(timeout.dividedBy(2), requireServer().getServer()::shutdownNow);
		in(timeout, () -> {
			requireServer().getServer().shutdownNow();
			int left = this.calls.count();
			stopped((left == 0) ? "all calls have ended"
					: left + " handlers have not returned within the force timeout of " + text(timeout));
		});
		idle();
	}

	private void warnOfForcedCall(InFlightCall call) {
		logger.warn("gRPC server '%s' forced call %s: age %s, peer %s, %d messages received, %d sent".formatted(
				this.name, call.method(), text(Duration.ofNanos(this.timer.nanoTime() - call.startNanos())),
				call.peer(), call.messagesReceived(), call.messagesSent()));
	}

	private void terminated(GrpcServer server) {
		if (server != this.server || !isRunning()) {
			return;
		}
		this.terminated = true;
		GrpcServerState state = this.status.state();
		if (state == GrpcServerState.DRAINING || state == GrpcServerState.FORCING) {
			idle();
		}
		else {
			logger
				.error("gRPC server '%s' has died: it has terminated although nobody stopped it".formatted(this.name));
			announced();
			to(GrpcServerState.STOPPED, "it has died", true);
		}
	}

	private void stopped(String detail) {
		cancelTimers();
		long ended = this.calls.endedWhileDraining();
		to(GrpcServerState.STOPPED, detail, false);
		logger.info("gRPC server '%s' has shut down: %s, %d calls ended while draining, %d of them forced"
			.formatted(this.name, times(), ended, this.forced));
		List<Runnable> callbacks = List.copyOf(this.stopped);
		this.stopped.clear();
		callbacks.forEach(Runnable::run);
	}

	private void to(GrpcServerState state, String detail, boolean failed) {
		GrpcServerState from = this.status.state();
		long now = this.timer.nanoTime();
		Duration time = Duration.ofNanos(now - this.enteredNanos);
		if (from.isStopping()) {
			this.times.put(from, time);
		}
		this.enteredNanos = now;
		Instant since = this.clock.instant();
		int inFlight = this.calls.count();
		this.status = new GrpcServerStatus(state, since,
				(state != GrpcServerState.STOPPED || failed) ? this.server : null, failed);
		for (GrpcServerStateListener listener : this.listeners) {
			listener.stateChanged(this.name, from, state);
		}
		logger.info("gRPC server '%s' %s -> %s%s%s (calls in flight %d, connections %d)".formatted(this.name, from,
				state, (from != GrpcServerState.STOPPED) ? " after " + text(time) : "",
				detail.isEmpty() ? "" : ": " + detail, inFlight, this.connections.count()));
		publish(new GrpcServerStateChangedEvent(this, this.name, from, state, inFlight, since));
	}

	private void publish(GrpcServerStateChangedEvent event) {
		try {
			this.publisher.publishEvent(event);
		}
		catch (RuntimeException ex) {
			logger.warn("A listener failed on " + event.getTo() + " of gRPC server '" + this.name + "'", ex);
		}
	}

	private GrpcServer requireServer() {
		GrpcServer server = this.server;
		Assert.state(server != null, "No server");
		return server;
	}

	private void cancelTimers() {
		this.timers.forEach(Runnable::run);
		this.timers.clear();
	}

	private void later(Runnable task) {
		this.timer.schedule(() -> this.transitions.execute(task), Duration.ZERO);
	}

	private void in(Duration delay, Runnable task) {
		if (delay.isZero()) {
			task.run();
			return;
		}
		this.timers.add(this.timer.schedule(() -> this.transitions.execute(task), delay));
	}

	private String times() {
		StringBuilder text = new StringBuilder();
		this.times.forEach(
				(state, time) -> text.append(text.isEmpty() ? "" : ", ").append(state).append(' ').append(text(time)));
		return text.toString();
	}

	private static String text(Duration duration) {
		long millis = duration.toMillis();
		if (millis < 1000) {
			return millis + "ms";
		}
		long tenths = Math.round(millis / 100.0);
		return (tenths % 10 == 0) ? tenths / 10 + "s" : tenths / 10 + "." + tenths % 10 + "s";
	}

}
