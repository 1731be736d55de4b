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
import java.util.ArrayList;
import java.util.List;

import io.github.lastcall.grpc.call.Connections;
import io.github.lastcall.grpc.call.InFlightCalls;
import io.github.lastcall.grpc.executor.ServerTimer;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.util.Assert;

/**
 * Takes one server through its {@link GrpcServerState states}: the table of states in
 * code, from top to bottom.
 * <p>
 * {@link Transitions} run one after the other, and neither block nor hold a lock. What a
 * connection or a call reports is handed to the thread of the timer first, so that no
 * event loop runs a transition.
 *
 * @hidden
 */
public final class GrpcServerDrain implements AopInfrastructureBean, DisposableBean {

	private final String name;

	private final ShutdownSettings settings;

	private final InFlightCalls calls;

	private final Connections connections;

	private final Transitions transitions;

	private final DrainLog log;

	private final StateNotifications changes;

	private final Announcement announcement;

	/* Written by transitions only. */

	private final List<Runnable> afterStop = new ArrayList<>();

	private @Nullable GrpcServer server;

	private boolean applicationReady;

	private volatile boolean closing;

	private volatile boolean shutDown;

	private @Nullable ConnectionLinger linger;

	private boolean terminated;

	/**
	 * Creates a new drain for a server that has not started.
	 * @param name the name of the server
	 * @param settings how long the states may take
	 * @param calls the calls in flight on the server
	 * @param connections the connections of the server
	 * @param timer runs transitions later, and measures the time in a state
	 * @param clock provides the instant at which a state has begun
	 * @param publisher gets a {@link GrpcServerStateChangedEvent} for each transition
	 * @param listeners notified of each transition before the event
	 */
	public GrpcServerDrain(String name, ShutdownSettings settings, InFlightCalls calls, Connections connections,
			ServerTimer timer, Clock clock, ApplicationEventPublisher publisher,
			List<GrpcServerStateListener> listeners) {
		Assert.hasText(name, "'name' must not be empty");
		this.name = name;
		this.settings = settings;
		this.calls = calls;
		this.connections = connections;
		DrainLog log = new DrainLog(name, timer);
		this.log = log;
		this.changes = new StateNotifications(name, clock, publisher, listeners, log);
		this.transitions = new Transitions(timer, (thread, ex) -> log.failed("a transition failed", ex));
		this.announcement = new Announcement(settings, calls, this.transitions);
	}

	/**
	 * Returns the name of the server.
	 */
	public String getName() {
		return this.name;
	}

	/**
	 * Returns the calls in flight on the server.
	 */
	public InFlightCalls getCalls() {
		return this.calls;
	}

	/**
	 * Returns the connections of the server.
	 */
	public Connections getConnections() {
		return this.connections;
	}

	/**
	 * Returns the current state, when it began, and the server: one consistent view.
	 */
	public GrpcServerStatus getStatus() {
		return this.changes.status();
	}

	boolean isClosing() {
		return this.closing;
	}

	boolean isShutDown() {
		return this.shutDown;
	}

	private GrpcServerState state() {
		return this.changes.status().state();
	}

	boolean isRunning() {
		return state() != GrpcServerState.STOPPED;
	}

	/* STOPPED -> STARTING -> SERVING */

	void starting() {
		this.transitions.execute(() -> {
			this.server = null;
			this.closing = false;
			this.shutDown = false;
			this.terminated = false;
			to(GrpcServerState.STARTING, "");
		});
	}

	/**
	 * Serves with a bound server as soon as the application is ready.
	 */
	void started(GrpcServer server) {
		this.transitions.execute(() -> {
			if (state() != GrpcServerState.STARTING) {
				server.delegate().shutdownNow();
				return;
			}
			this.server = server;
			server.onTermination(() -> this.transitions.executeOnTimer(() -> terminated(server)));
			this.changes.bound(server);
			serveIfReady();
		});
	}

	void startFailed() {
		this.transitions.execute(() -> stopped("could not start", true));
	}

	/**
	 * Sets whether the application accepts traffic. A bound server serves once it does;
	 * afterwards only health follows it.
	 */
	void applicationReady(boolean ready) {
		this.transitions.execute(() -> {
			this.applicationReady = ready;
			serveIfReady();
		});
	}

	private void serveIfReady() {
		if (state() == GrpcServerState.STARTING && this.server != null && this.applicationReady) {
			to(GrpcServerState.SERVING, "");
		}
	}

	/* SERVING -> ANNOUNCING, and back */

	/**
	 * Takes the server out of service until {@link #resume()}. Does nothing unless it is
	 * SERVING.
	 */
	void hold() {
		this.transitions.execute(() -> {
			if (state() == GrpcServerState.SERVING) {
				this.calls.noteArrivals(true);
				to(GrpcServerState.ANNOUNCING,
						"taken out of service by an operator, calls are served until it is resumed or stopped");
			}
		});
	}

	/**
	 * Returns to SERVING after {@link #hold()}. Does nothing unless the server is held,
	 * or if it is about to stop.
	 */
	void resume() {
		this.transitions.execute(() -> {
			if (state() == GrpcServerState.ANNOUNCING && !this.closing) {
				this.calls.noteArrivals(false);
				to(GrpcServerState.SERVING, "resumed by an operator");
			}
		});
	}

	/**
	 * Announces that the server is going to stop, and serves meanwhile. The propagation
	 * delay counts from the beginning of ANNOUNCING. Does nothing in a server that has
	 * never served: no client knows it.
	 */
	void announce() {
		this.transitions.execute(() -> {
			if (state() == GrpcServerState.SERVING) {
				Duration delay = this.settings.propagationDelay();
				this.calls.noteArrivals(true);
				to(GrpcServerState.ANNOUNCING, "health is NOT_SERVING"
						+ (delay.isZero() ? "" : ", calls are served for another " + DurationText.of(delay)));
			}
			if (state() == GrpcServerState.ANNOUNCING && !this.closing) {
				this.closing = true;
				this.announcement.begin();
			}
		});
	}

	/**
	 * Calls back when the announcement begun by {@link #announce()} is over, immediately
	 * if there is none. Does not block.
	 */
	void afterAnnouncement(Runnable callback) {
		this.transitions.execute(() -> this.announcement.whenOver(callback));
	}

	/* -> DRAINING */

	/**
	 * Stops the server, and calls back once, on any thread, when it has stopped. Does not
	 * block.
	 */
	void stop(Runnable callback) {
		this.transitions.execute(() -> {
			if (!isRunning()) {
				callback.run();
				return;
			}
			this.afterStop.add(callback);
			if (!isDrainingOrForcing()) {
				drain();
			}
		});
	}

	void shutDownByApplication(String method) {
		this.transitions.execute(() -> {
			if (isRunning() && !this.shutDown) {
				this.shutDown = true;
				this.log.shutDown(method);
			}
		});
	}

	/**
	 * Stops the server without a grace period.
	 */
	void stopNow() {
		this.transitions.execute(() -> {
			if (isRunning() && !isDrainingOrForcing()) {
				drain();
			}
			if (state() == GrpcServerState.DRAINING) {
				force("the application did not wait");
			}
		});
	}

	private void drain() {
		this.closing = true;
		this.announcement.end();
		GrpcServer server = this.server;
		if (server == null) {
			stopped("not bound", false);
			return;
		}
		Duration grace = this.settings.gracePeriod();
		to(GrpcServerState.DRAINING, "new calls are refused, calls in flight have " + DurationText.of(grace));
		// GOAWAY first: a client whose Watch ends on a live connection opens it again.
		this.changes.carefully("GOAWAY", () -> server.delegate().shutdown());
		this.changes.carefully("the drain signal",
				() -> this.calls.drain(() -> this.transitions.executeOnTimer(this::stopIfIdle)));
		if (this.settings.streamGracePeriod().compareTo(grace) < 0) {
			this.transitions.whenInStateFor(this.settings.streamGracePeriod(), this::closeStreams);
		}
		this.transitions.whenInStateFor(grace,
				() -> force("grace period of %s expired".formatted(DurationText.of(grace))));
		stopIfIdle();
	}

	private void closeStreams() {
		this.log.streamsClosed(this.calls.closeStreaming(Status.UNAVAILABLE
			.withDescription("The server is shutting down: grace period of %s for streaming calls expired"
				.formatted(DurationText.of(this.settings.streamGracePeriod())))));
	}

	/**
	 * Stops once no call of the application is left, as soon as the connections are gone.
	 */
	private void stopIfIdle() {
		if (!isDrainingOrForcing() || this.calls.count() > 0) {
			return;
		}
		if (this.terminated) {
			stopped("all calls have ended", false);
		}
		else if (this.linger == null || this.linger.isOver()) {
			this.linger = new ConnectionLinger(this.connections, this.transitions);
			this.linger.start(() -> {
				if (this.calls.count() == 0) {
					closeConnections();
				}
			});
		}
	}

	private boolean isDrainingOrForcing() {
		return state() == GrpcServerState.DRAINING || state() == GrpcServerState.FORCING;
	}

	/* -> FORCING */

	private void force(String reason) {
		to(GrpcServerState.FORCING, reason);
		closeCalls(reason);
		// Half of the time is for the statuses to reach the clients, half for the
		// handlers to clean up.
		Duration timeout = this.settings.forceTimeout();
		this.transitions.whenInStateFor(timeout.dividedBy(2), this::closeConnections);
		this.transitions.whenInStateFor(timeout, this::forceTimeoutOver);
		stopIfIdle();
	}

	private void closeCalls(String reason) {
		this.log.forced(this.calls.close(Status.UNAVAILABLE.withDescription("The server is shutting down: " + reason)));
	}

	private void forceTimeoutOver() {
		closeConnections();
		int left = this.calls.count();
		stopped((left == 0) ? "all calls have ended" : left + " handlers have not returned within the force timeout of "
				+ DurationText.of(this.settings.forceTimeout()), false);
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
		if (isDrainingOrForcing()) {
			stopIfIdle();
		}
		else if (isRunning()) {
			this.log.terminated();
			stopped("terminated unexpectedly", true);
		}
	}

	private void stopped(String detail, boolean failed) {
		long ended = this.calls.endedWhileDraining();
		boolean drained = state().isStopping() && !failed;
		to(GrpcServerState.STOPPED, detail, failed);
		if (drained) {
			this.log.summary(ended);
		}
		this.announcement.end();
		List<Runnable> callbacks = List.copyOf(this.afterStop);
		this.afterStop.clear();
		callbacks.forEach(Runnable::run);
	}

	/**
	 * Leaves nothing open if Spring destroys the bean of a server that has not stopped,
	 * because its thread was interrupted while it waited.
	 */
	@Override
	public void destroy() {
		this.transitions.execute(() -> {
			if (isRunning()) {
				closeCalls("the application was destroyed");
				closeConnections();
				stopped("the application did not wait", false);
			}
		});
	}

	private void to(GrpcServerState state, String detail) {
		to(state, detail, false);
	}

	private void to(GrpcServerState state, String detail, boolean failed) {
		Duration time = this.transitions.timeInState();
		this.transitions.stateEntered();
		if (this.linger != null) {
			this.linger.cancel();
		}
		this.changes.change(this, state, (state != GrpcServerState.STOPPED || failed) ? this.server : null, failed,
				detail, time);
	}

}
