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

package io.github.lastcall.grpc.metrics;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.lifecycle.GrpcServerStateChangedEvent;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.context.ApplicationListener;

/**
 * Timers of the states of a server's drain. A state is recorded when the server leaves
 * it, so that the last scrape or push of the application includes it.
 */
public final class GrpcDrainMeters implements AopInfrastructureBean, ApplicationListener<GrpcServerStateChangedEvent> {

	/**
	 * By drain, because events of servers in child contexts arrive here as well.
	 */
	private final Map<Object, Map<GrpcServerState, Timer>> timers = new HashMap<>();

	/**
	 * Creates new {@link GrpcDrainMeters}.
	 * @param drains the drains of the servers
	 * @param registry the registry of the meters
	 */
	public GrpcDrainMeters(List<GrpcServerDrain> drains, MeterRegistry registry) {
		for (GrpcServerDrain drain : drains) {
			Map<GrpcServerState, Timer> timers = new EnumMap<>(GrpcServerState.class);
			for (GrpcServerState state : GrpcServerState.values()) {
				if (state.isStopping()) {
					timers.put(state, timer(drain.getName(), state, registry));
				}
			}
			this.timers.put(drain, timers);
		}
	}

	private static Timer timer(String server, GrpcServerState state, MeterRegistry registry) {
		return Timer.builder("grpc.server.drain")
			.description("Time in a state of the shutdown, or out of service by an operator")
			.tag("server", server)
			.tag("state", state.name().toLowerCase(Locale.ROOT))
			.register(registry);
	}

	@Override
	public void onApplicationEvent(GrpcServerStateChangedEvent event) {
		Timer timer = this.timers.getOrDefault(event.getSource(), Map.of()).get(event.getFrom());
		if (timer != null) {
			timer.record(event.getTimeInFrom());
		}
	}

}
