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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.github.lastcall.grpc.call.Connections;
import io.github.lastcall.grpc.call.InFlightCalls;
import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.DisposableBean;
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
public final class GrpcServerDrain implements AopInfrastructureBean, GrpcServerSupervisor, DisposableBean {

	/**
	 * How long connections without a call may take to close by themselves after GOAWAY: a
	 * client that has died answers nothing, and a call that crosses the GOAWAY is still
	 * served.
	 */
	static final Duration CONNECTION_LINGER = Duration.ofMillis(500);

	private final SynchronizationContext transitions = new SynchronizationContext(
			(thread, ex) -> log().failed("a transition failed", ex));

	private final String name;

	private final ShutdownSettings settings;

	private final InFlightCalls calls;

	private final Connections connections;

	private final ServerTimer timer;

	private final TransitionTimer transitionTimer;

	private final Clock clock;

	private final ApplicationEventPublisher publisher;

	private final List<GrpcServerStateListener> listeners;

	private final DrainLog log;

	private volatile GrpcServerStatus status = new GrpcServerStatus(GrpcServerState.STOPPED, Instant.EPOCH, null,
			false);

	/* What follows belongs to the transitions. */

	private final List<Runnable> announced = new ArrayList<>();

	private final List<Runnable> stopped = new ArrayList<>();

	private @Nullable GrpcServer server;

	private long enteredNanos;

	private boolean applicationReady;

	private volatile boolean closing;

	private volatile boolean shutDown;

	private boolean announcementOver;

	private boolean lingering;

	private boolean terminated;

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
		this.transitionTimer = new TransitionTimer(timer, this.transitions);
		this.clock = clock;
		this.publisher = publisher;
		this.listeners = List.copyOf(listeners);
		this.log = new DrainLog(name);
	}

	private DrainLog log() {
		return this.log;
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
	 * The calls of the application in flight, by method.
	 * @return counts and ages by full method name, sorted
	 */
	public Map<String, InFlightCalls.MethodInFlight> getMethodsInFlight() {
		return this.calls.byMethod();
	}

	/**
	 * How many handlers still run long after their calls were cancelled.
	 * @return the number of handlers
	 */
	public int getAbandonedHandlers() {
		return this.calls.abandoned();
	}

	/**
	 * How many calls have been closed because the server was shutting down, since the
	 * application was started.
	 * @return the number of calls
	 */
	public long getForcedCalls() {
		return this.calls.forced();
	}

	/**
	 * How many connections are open.
	 * @return the number of connections
	 */
	public int getConnections() {
		return this.connections.count();
	}

	/**
	 * Whether the end that is announced is in sight, so that there is no way back.
	 * @return whether the server is about to stop
	 */
	public boolean isClosing() {
		return this.closing;
	}

	/**
	 * Whether the application has shut the server down by grpc-java's own methods, since
	 * it last started.
	 * @return whether it is the application that ends the server
	 */
	public boolean isShutDown() {
		return this.shutDown;
	}

	@Override
	public boolean isRunning() {
		return this.status.state() != GrpcServerState.STOPPED;
	}

	/* STOPPED -> STARTING -> SERVING */

	@Override
	public void starting() {
		this.transitions.execute(() -> {
			this.server = null;
			this.closing = false;
			this.shutDown = false;
			this.announcementOver = false;
			this.lingering = false;
			this.terminated = false;
			to(GrpcServerState.STARTING, "");
		});
	}

	@Override
	public void binding(GrpcServices services) {
		this.calls.open(services);
	}

	@Override
	public void started(GrpcServer server) {
		this.transitions.execute(() -> {
			if (this.status.state() != GrpcServerState.STARTING) {
				server.delegate().shutdownNow();
				return;
			}
			this.server = server;
			server.onTermination(() -> later(() -> terminated(server)));
			this.status = new GrpcServerStatus(GrpcServerState.STARTING, this.status.since(), server, false);
			serveIfReady();
		});
	}

	@Override
	public void startFailed() {
		this.transitions.execute(() -> failed("it could not start"));
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

	private void serveIfReady() {
		if (this.status.state() == GrpcServerState.STARTING && this.server != null && this.applicationReady) {
			to(GrpcServerState.SERVING, "");
		}
	}

	/* SERVING -> ANNOUNCING, and back */

	/**
	 * Announce an end that is not in sight: an operator takes the server out of service
	 * and may bring it back. Does nothing in a server that does not serve.
	 */
	public void hold() {
		this.transitions.execute(() -> {
			if (this.status.state() == GrpcServerState.SERVING) {
				announcing("an operator drains it, calls are served until it is resumed or stopped");
			}
		});
	}

	/**
	 * Go back to serving after {@link #hold()}. Does nothing in a server that is not
	 * held, or is about to stop.
	 */
	public void resume() {
		this.transitions.execute(() -> {
			if (this.status.state() == GrpcServerState.ANNOUNCING && !this.closing) {
				this.calls.noteArrivals(false);
				to(GrpcServerState.SERVING, "an operator resumes it");
			}
		});
	}

	/**
	 * Announce that the server is going to stop, and go on serving meanwhile. The time
	 * counts from the moment that the server began to announce. A server that never
	 * served has nobody to tell.
	 */
	public void announce() {
		this.transitions.execute(() -> {
			if (this.status.state() == GrpcServerState.SERVING) {
				Duration delay = this.settings.propagationDelay();
				announcing("health is NOT_SERVING"
						+ (delay.isZero() ? "" : ", calls are served for another " + DrainLog.text(delay)));
			}
			if (this.status.state() == GrpcServerState.ANNOUNCING && !this.closing) {
				this.closing = true;
				inState(this.settings.propagationDelay(), this::announceUntilQuiet);
			}
		});
	}

	/**
	 * Wait for the end of what {@link #announce()} has begun. Does not block.
	 * @param callback called once when the announcement is over, or there is none
	 */
	public void afterAnnouncement(Runnable callback) {
		this.transitions.execute(() -> {
			if (this.status.state() == GrpcServerState.ANNOUNCING && this.closing && !this.announcementOver) {
				this.announced.add(callback);
			}
			else {
				callback.run();
			}
		});
	}

	private void announcing(String detail) {
		this.calls.noteArrivals(true);
		to(GrpcServerState.ANNOUNCING, detail);
	}

	private void announceUntilQuiet() {
		Duration quiet = this.settings.quietPeriod().minus(this.calls.quiet());
		Duration most = this.settings.longestAnnouncement().minus(timeInState());
		if (this.settings.quietPeriod().isZero() || !isPositive(quiet) || !isPositive(most)) {
			announcementOver();
		}
		else {
			in((quiet.compareTo(most) < 0) ? quiet : most, this::announceUntilQuiet);
		}
	}

	private void announcementOver() {
		this.announcementOver = true;
		runAll(this.announced);
	}

	/* -> DRAINING */

	@Override
	public void stop(Runnable callback) {
		this.transitions.execute(() -> {
			switch (this.status.state()) {
				case STOPPED -> callback.run();
				case STARTING, SERVING, ANNOUNCING -> {
					this.stopped.add(callback);
					drain();
				}
				case DRAINING, FORCING -> this.stopped.add(callback);
			}
		});
	}

	@Override
	public void shutdown() {
		this.transitions.execute(() -> {
			shutDownByApplication("shutdown()");
			announce();
			afterAnnouncement(() -> stop(() -> {
			}));
		});
	}

	@Override
	public void shutdownNow() {
		this.transitions.execute(() -> {
			shutDownByApplication("shutdownNow()");
			switch (this.status.state()) {
				case STARTING, SERVING, ANNOUNCING -> drain();
				case DRAINING, FORCING, STOPPED -> {
				}
			}
			if (this.status.state() == GrpcServerState.DRAINING) {
				this.transitionTimer.cancel();
				this.lingering = false;
				force("the application does not wait");
			}
		});
	}

	private void shutDownByApplication(String method) {
		if (isRunning() && !this.shutDown) {
			this.shutDown = true;
			this.log.shutDown(method);
		}
	}

	private void drain() {
		this.closing = true;
		this.transitionTimer.cancel();
		announcementOver();
		GrpcServer server = this.server;
		if (server == null) {
			stopped("it was not bound");
			return;
		}
		Duration grace = this.settings.gracePeriod();
		to(GrpcServerState.DRAINING, "new calls are refused, calls in flight may take " + DrainLog.text(grace));
		// GOAWAY first: a client whose Watch ends on a live connection opens it again.
		carefully("GOAWAY", () -> server.delegate().shutdown());
		carefully("the drain signal", () -> this.calls.drain(() -> later(this::endIfIdle)));
		if (this.settings.streamGracePeriod().compareTo(grace) < 0) {
			inState(this.settings.streamGracePeriod(), this::closeStreams);
		}
		inState(grace, () -> force("its grace period of %s is over".formatted(DrainLog.text(grace))));
		endIfIdle();
	}

	private void closeStreams() {
		this.log.streamsClosed(this.calls.closeStreaming(Status.UNAVAILABLE
			.withDescription("The server is shutting down: its grace period of %s for streaming calls is over"
				.formatted(DrainLog.text(this.settings.streamGracePeriod())))));
	}

	/**
	 * If no call of the application is left, end as soon as the connections are gone.
	 */
	private void endIfIdle() {
		GrpcServerState state = this.status.state();
		if ((state != GrpcServerState.DRAINING && state != GrpcServerState.FORCING) || this.calls.count() > 0) {
			return;
		}
		if (this.terminated) {
			stopped("all calls have ended");
		}
		else if (!this.lingering) {
			this.lingering = true;
			in(CONNECTION_LINGER, this::closeIdleConnections);
		}
	}

	private void closeIdleConnections() {
		this.lingering = false;
		if (this.calls.count() == 0) {
			closeConnections();
		}
	}

	/* -> FORCING */

	private void force(String reason) {
		to(GrpcServerState.FORCING, reason);
		closeCalls(reason);
		// Half of the time is for the statuses to reach the clients, half for the
		// handlers to clean up.
		Duration timeout = this.settings.forceTimeout();
		inState(timeout.dividedBy(2), this::closeConnections);
		inState(timeout, this::forceTimeoutOver);
		endIfIdle();
	}

	private void closeCalls(String reason) {
		this.log.forced(this.calls.close(Status.UNAVAILABLE.withDescription("The server is shutting down: " + reason)),
				this.timer.nanoTime());
	}

	private void forceTimeoutOver() {
		closeConnections();
		int left = this.calls.count();
		stopped((left == 0) ? "all calls have ended" : left + " handlers have not returned within the force timeout of "
				+ DrainLog.text(this.settings.forceTimeout()));
	}

	private void closeConnections() {
		GrpcServer server = this.server;
		if (server != null) {
			server.delegate().shutdownNow();
		}
	}

	/* -> STOPPED */

	private void terminated(GrpcServer server) {
		if (server != this.server) {
			return;
		}
		this.terminated = true;
		switch (this.status.state()) {
			case STARTING, SERVING, ANNOUNCING -> {
				this.log.died();
				failed("it terminated unexpectedly");
			}
			case DRAINING, FORCING -> endIfIdle();
			case STOPPED -> {
			}
		}
	}

	private void failed(String detail) {
		this.transitionTimer.cancel();
		to(GrpcServerState.STOPPED, detail, true);
		announcementOver();
		runAll(this.stopped);
	}

	private void stopped(String detail) {
		this.transitionTimer.cancel();
		long ended = this.calls.endedWhileDraining();
		boolean drained = this.status.state().isStopping();
		to(GrpcServerState.STOPPED, detail);
		if (drained) {
			this.log.summary(ended);
		}
		runAll(this.stopped);
	}

	/**
	 * Spring destroys the bean when the server has stopped. If it could not wait so long
	 * (its thread was interrupted), nothing is left open behind its back.
	 */
	@Override
	public void destroy() {
		this.transitions.execute(() -> {
			if (isRunning()) {
				closeCalls("its application is gone");
				closeConnections();
				announcementOver();
				stopped("its application did not wait");
			}
		});
	}

	/* All transitions */

	private void to(GrpcServerState state, String detail) {
		to(state, detail, false);
	}

	private void to(GrpcServerState state, String detail, boolean failed) {
		GrpcServerState from = this.status.state();
		Duration time = timeInState();
		Instant since = this.clock.instant();
		int inFlight = this.calls.count();
		this.enteredNanos = this.timer.nanoTime();
		this.status = new GrpcServerStatus(state, since,
				(state != GrpcServerState.STOPPED || failed) ? this.server : null, failed);
		for (GrpcServerStateListener listener : this.listeners) {
			carefully("a listener", () -> listener.stateChanged(this.name, from, state));
		}
		this.log.transition(from, state, time, detail, inFlight, this.connections.count());
		carefully("a listener", () -> this.publisher
			.publishEvent(new GrpcServerStateChangedEvent(this, this.name, from, state, time, inFlight, since)));
	}

	/**
	 * Whoever listens cannot keep the server from going on.
	 */
	private void carefully(String what, Runnable action) {
		try {
			action.run();
		}
		catch (Throwable ex) {
			this.log.failed(what + " failed on " + this.status.state(), ex);
		}
	}

	private Duration timeInState() {
		return Duration.ofNanos(this.timer.nanoTime() - this.enteredNanos);
	}

	private static boolean isPositive(Duration duration) {
		return !duration.isZero() && !duration.isNegative();
	}

	private static void runAll(List<Runnable> callbacks) {
		List<Runnable> all = List.copyOf(callbacks);
		callbacks.clear();
		all.forEach(Runnable::run);
	}

	private void later(Runnable transition) {
		this.timer.schedule(() -> this.transitions.execute(transition), Duration.ZERO);
	}

	/**
	 * Periods count from the moment that others can see the state, not from when they
	 * have been told of it.
	 */
	private void inState(Duration time, Runnable transition) {
		this.transitionTimer.at(this.enteredNanos + time.toNanos(), transition);
	}

	private void in(Duration delay, Runnable transition) {
		this.transitionTimer.at(this.timer.nanoTime() + delay.toNanos(), transition);
	}

}
