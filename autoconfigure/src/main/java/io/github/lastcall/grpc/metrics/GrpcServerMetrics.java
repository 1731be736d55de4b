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

import java.util.List;
import java.util.Locale;

import io.github.lastcall.grpc.call.Connections;
import io.github.lastcall.grpc.call.InFlightCalls;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.Refusals;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Meters of the servers' states. All are read when they are scraped, so that calls do not
 * record anything.
 */
public final class GrpcServerMetrics implements AopInfrastructureBean, MeterBinder {

	private final List<GrpcServerDrain> drains;

	private final List<Refusals> refusals;

	/**
	 * Creates new {@link GrpcServerMetrics}.
	 * @param drains the drains of the servers
	 * @param refusals the refusals of the servers
	 */
	public GrpcServerMetrics(List<GrpcServerDrain> drains, List<Refusals> refusals) {
		this.drains = List.copyOf(drains);
		this.refusals = List.copyOf(refusals);
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		for (GrpcServerDrain drain : this.drains) {
			for (GrpcServerState state : GrpcServerState.values()) {
				Gauge.builder("grpc.server.state", drain, (d) -> (d.getStatus().state() == state) ? 1 : 0)
					.description("1 for the current state of the server, 0 for the others")
					.tag("server", drain.getName())
					.tag("state", state.name().toLowerCase(Locale.ROOT))
					.register(registry);
			}
			Gauge.builder("grpc.server.calls.active", drain.getCalls(), InFlightCalls::count)
				.description("Calls of the application in flight")
				.tag("server", drain.getName())
				.register(registry);
			Gauge.builder("grpc.server.connections.active", drain.getConnections(), Connections::count)
				.description("Open connections")
				.tag("server", drain.getName())
				.register(registry);
			Gauge.builder("grpc.server.calls.abandoned", drain.getCalls(), InFlightCalls::abandoned)
				.description("Handlers still running long after their calls were cancelled")
				.tag("server", drain.getName())
				.register(registry);
			FunctionCounter.builder("grpc.server.calls.forced", drain.getCalls(), InFlightCalls::forced)
				.description("Calls closed because the server was shutting down")
				.tag("server", drain.getName())
				.register(registry);
			FunctionCounter.builder("grpc.server.calls.expired", drain.getCalls(), InFlightCalls::expired)
				.description("Calls cancelled or past their deadline before they got a thread")
				.tag("server", drain.getName())
				.register(registry);
		}
		for (Refusals refusals : this.refusals) {
			for (RefusalReason reason : RefusalReason.values()) {
				FunctionCounter.builder("grpc.server.refused", refusals, (r) -> r.getCount(reason))
					.description("Connections and calls refused by a limit or for a protocol violation")
					.tag("server", refusals.getServer())
					.tag("reason", reason.getTag())
					.register(registry);
			}
		}
	}

}
