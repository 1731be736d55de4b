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

package io.github.lastcall.grpc.health;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.lifecycle.GrpcServerStateListener;
import io.github.lastcall.grpc.lifecycle.ServerStates;
import io.grpc.SynchronizationContext;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.AvailabilityState;
import org.springframework.boot.availability.LivenessState;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroup;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroups;
import org.springframework.boot.health.application.LivenessStateHealthIndicator;
import org.springframework.boot.health.application.ReadinessStateHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthContributor;
import org.springframework.boot.health.contributor.HealthContributors;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;

/**
 * Bridge from Actuator's health groups to the serving statuses.
 * <p>
 * Only indicators that belong to a group are evaluated, on threads of this library. The
 * readiness and liveness states are taken from events instead, so that changes apply
 * immediately and a late sample cannot undo them.
 *
 * @hidden
 */
public final class ActuatorHealthBridge implements AopInfrastructureBean, GrpcServerStateListener,
		ApplicationListener<AvailabilityChangeEvent<?>>, Ordered, DisposableBean {

	private static final Log logger = LogFactory.getLog(ActuatorHealthBridge.class);

	private final Supplier<? extends HealthContributors> contributors;

	private final HealthEndpointGroups groups;

	private final ServingStatusTable table;

	private final ServerStates servers;

	private final HealthSampler<Status> sampler;

	private final SynchronizationContext aggregation = new SynchronizationContext(
			(thread, ex) -> logger.error("Could not aggregate the health groups", ex));

	private final Map<Class<?>, Status> availability = new ConcurrentHashMap<>();

	/* What follows belongs to the aggregation. */

	private Map<String, Status> answers = Map.of();

	/**
	 * Creates a new bridge.
	 * @param contributors the health indicators, looked up when the server starts
	 * @param groups the health groups
	 * @param availability the availability of the application
	 * @param table the table to update
	 * @param servers the states of all servers
	 * @param settings interval and timeout
	 * @param timer the timer for rounds and timeouts
	 */
	public ActuatorHealthBridge(Supplier<? extends HealthContributors> contributors, HealthEndpointGroups groups,
			ApplicationAvailability availability, ServingStatusTable table, ServerStates servers,
			HealthSettings settings, ServerTimer timer) {
		this.contributors = contributors;
		this.groups = groups;
		this.table = table;
		this.servers = servers;
		this.sampler = new HealthSampler<>(this::indicators, Status.DOWN, this::answered, settings, timer);
		this.availability.put(ReadinessStateHealthIndicator.class, status(availability.getReadinessState()));
		this.availability.put(LivenessStateHealthIndicator.class, status(availability.getLivenessState()));
	}

	@Override
	public void stateChanged(String server, GrpcServerState from, GrpcServerState to) {
		switch (to) {
			case STARTING -> this.aggregation.execute(() -> {
				this.sampler.start();
				aggregate();
			});
			// Answers from the start of the application may be outdated.
			case SERVING -> this.sampler.sampleNow();
			case STOPPED -> this.aggregation.execute(() -> {
				if (this.servers.allMatch((state) -> state == GrpcServerState.STOPPED)) {
					this.sampler.stop();
				}
			});
			// Sampling continues for operators and for liveness.
			case ANNOUNCING, DRAINING, FORCING -> {
			}
		}
	}

	@Override
	public void onApplicationEvent(AvailabilityChangeEvent<?> event) {
		AvailabilityState state = event.getState();
		if (state instanceof ReadinessState) {
			this.availability.put(ReadinessStateHealthIndicator.class, status(state));
			this.aggregation.execute(this::aggregate);
		}
		else if (state instanceof LivenessState) {
			this.availability.put(LivenessStateHealthIndicator.class, status(state));
			this.aggregation.execute(this::aggregate);
		}
	}

	/**
	 * Returns the status of an availability indicator.
	 */
	private static Status status(AvailabilityState state) {
		if (state == ReadinessState.ACCEPTING_TRAFFIC || state == LivenessState.CORRECT) {
			return Status.UP;
		}
		return (state instanceof ReadinessState) ? Status.OUT_OF_SERVICE : Status.DOWN;
	}

	@Override
	public int getOrder() {
		return Ordered.HIGHEST_PRECEDENCE;
	}

	@Override
	public void destroy() {
		this.sampler.stop();
	}

	private Map<String, Callable<Status>> indicators() {
		Map<String, Callable<Status>> indicators = new HashMap<>();
		collect(this.contributors.get(), "", indicators);
		return indicators;
	}

	private void collect(HealthContributors contributors, String prefix, Map<String, Callable<Status>> indicators) {
		for (HealthContributors.Entry entry : contributors) {
			String name = prefix + entry.name();
			HealthContributor contributor = entry.contributor();
			if (contributor instanceof HealthContributors composite) {
				collect(composite, name + "/", indicators);
			}
			else if (contributor instanceof HealthIndicator indicator && answerOfAvailability(indicator) == null
					&& isMemberOfAnyGroup(name)) {
				indicators.put(name, () -> ask(indicator));
			}
		}
	}

	private static Status ask(HealthIndicator indicator) {
		Health health = indicator.health(false);
		return (health != null) ? health.getStatus() : Status.UNKNOWN;
	}

	private boolean isMemberOfAnyGroup(String name) {
		for (String groupName : this.groups.getNames()) {
			HealthEndpointGroup group = this.groups.get(groupName);
			if (group != null && group.isMember(name)) {
				return true;
			}
		}
		return false;
	}

	private @Nullable Status answerOfAvailability(HealthIndicator indicator) {
		return this.availability.get(indicator.getClass());
	}

	private void answered(Map<String, Status> answers) {
		this.aggregation.execute(() -> {
			this.answers = answers;
			aggregate();
		});
	}

	private void aggregate() {
		Map<String, ServingStatus> statuses = new HashMap<>();
		for (String name : this.groups.getNames()) {
			HealthEndpointGroup group = this.groups.get(name);
			if (group != null) {
				statuses.put(name, servingStatus(group));
			}
		}
		this.table.sample(statuses);
	}

	private ServingStatus servingStatus(HealthEndpointGroup group) {
		try {
			Set<Status> members = new HashSet<>();
			if (!collectAnswers(this.contributors.get(), "", group, members)) {
				// A status that is not known yet must not attract calls.
				return ServingStatus.NOT_SERVING;
			}
			return servingStatus(group, group.getStatusAggregator().getAggregateStatus(members));
		}
		catch (RuntimeException ex) {
			logger.error("Could not aggregate a health group, which is now NOT_SERVING", ex);
			return ServingStatus.NOT_SERVING;
		}
	}

	/**
	 * Collects the answers as Actuator does: composites are aggregated first.
	 * @return whether all members have answered
	 */
	private boolean collectAnswers(HealthContributors contributors, String prefix, HealthEndpointGroup group,
			Set<Status> answers) {
		for (HealthContributors.Entry entry : contributors) {
			String name = prefix + entry.name();
			HealthContributor contributor = entry.contributor();
			if (contributor instanceof HealthContributors composite) {
				Set<Status> children = new HashSet<>();
				if (!collectAnswers(composite, name + "/", group, children)) {
					return false;
				}
				if (!children.isEmpty()) {
					answers.add(group.getStatusAggregator().getAggregateStatus(children));
				}
			}
			else if (contributor instanceof HealthIndicator indicator && group.isMember(name)) {
				Status answer = answerOfAvailability(indicator);
				answer = (answer != null) ? answer : this.answers.get(name);
				if (answer == null) {
					return false;
				}
				answers.add(answer);
			}
		}
		return true;
	}

	private static ServingStatus servingStatus(HealthEndpointGroup group, Status status) {
		// Actuator ignores case and separators too: "down" is DOWN, also if a mapping
		// does not mention it.
		switch (uniform(status)) {
			case "up":
				return ServingStatus.SERVING;
			case "down", "outofservice":
				return ServingStatus.NOT_SERVING;
			case "unknown":
				return ServingStatus.UNKNOWN;
			default:
				int code = group.getHttpCodeStatusMapper().getStatusCode(status);
				return (code >= 200 && code < 300) ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
		}
	}

	private static String uniform(Status status) {
		StringBuilder code = new StringBuilder();
		status.getCode()
			.codePoints()
			.filter(Character::isLetterOrDigit)
			.map(Character::toLowerCase)
			.forEach(code::appendCodePoint);
		return code.toString();
	}

}
