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

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.context.SmartLifecycle;

/**
 * Keeps the first phase of a shutdown open until the announcements of all servers are
 * over. The web server, Actuator and all beans are still running. A context that is
 * stopped without being closed may start again and announces nothing.
 *
 * @hidden
 */
public final class GrpcAnnounceLifecycle implements AopInfrastructureBean, SmartLifecycle {

	/**
	 * Phase, the first that stops.
	 */
	public static final int PHASE = SmartLifecycle.DEFAULT_PHASE;

	private final List<GrpcServerDrain> drains;

	private final Interruption interruption;

	private volatile boolean running;

	/**
	 * Creates a new lifecycle.
	 * @param drains the drains of all servers
	 * @param interruption is held back while the servers announce
	 */
	public GrpcAnnounceLifecycle(List<GrpcServerDrain> drains, Interruption interruption) {
		this.drains = List.copyOf(drains);
		this.interruption = interruption;
	}

	@Override
	public void start() {
		this.running = true;
	}

	@Override
	public void stop(Runnable callback) {
		this.interruption.hold();
		afterAnnouncements(callback);
	}

	@Override
	public void stop() {
		Interruption.await(this::afterAnnouncements);
	}

	private void afterAnnouncements(Runnable callback) {
		this.running = false;
		AtomicInteger pending = new AtomicInteger(this.drains.size());
		Runnable announced = () -> {
			if (pending.decrementAndGet() == 0) {
				callback.run();
			}
		};
		this.drains.forEach((drain) -> drain.afterAnnouncement(announced));
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		return PHASE;
	}

	/**
	 * Returns {@code false}: a paused context does not end.
	 */
	@Override
	public boolean isPauseable() {
		return false;
	}

}
