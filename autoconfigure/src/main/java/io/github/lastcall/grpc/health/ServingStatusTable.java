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

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.Assert;

/**
 * Serving statuses of all known names, and their watchers.
 * <p>
 * A name follows a health group. The application can override it; the worse of the two
 * applies. While the gate is closed (the application is not ready, or the server is
 * shutting down) every name except {@code liveness} is NOT_SERVING, whatever samples and
 * overrides say. This includes services that follow the liveness group.
 * <p>
 * Writes are serialized by a lock. Reads do not lock, and watchers are notified without
 * the lock.
 *
 * @hidden
 */
public final class ServingStatusTable implements AopInfrastructureBean {

	/**
	 * Name of the whole server.
	 */
	public static final String OVERALL = "";

	/**
	 * Health group that the whole server follows.
	 */
	public static final String READINESS = "readiness";

	/**
	 * Health group whose name is not affected by a drain.
	 */
	public static final String LIVENESS = "liveness";

	private final Object lock = new Object();

	private final Set<String> availability;

	private final Map<String, Entry> entries = new ConcurrentHashMap<>();

	private final Map<String, ServingStatus> samples = new HashMap<>();

	private volatile Consumer<String> known = (name) -> {
	};

	private boolean open;

	/**
	 * Creates a new table with the overall name and the groups.
	 * @param groups the health groups, each of which is a name
	 */
	public ServingStatusTable(Collection<String> groups) {
		this(groups, Set.of());
	}

	/**
	 * Creates a new table with the overall name and the groups.
	 * @param groups the health groups, each of which is a name
	 * @param availability the groups that follow only the availability of the application
	 */
	public ServingStatusTable(Collection<String> groups, Collection<String> availability) {
		this.availability = Set.copyOf(availability);
		register(OVERALL, READINESS);
		groups.forEach((group) -> register(group, group));
	}

	/**
	 * Runs an action for every known name, and for each name that becomes known later.
	 * Replaces any previous action.
	 * @param action the action, called on the thread that adds a name and possibly more
	 * than once per name; must not block
	 */
	public void forEachName(Consumer<String> action) {
		this.known = action;
		all().keySet().forEach(action);
	}

	/**
	 * Adds a name.
	 * @param name the name, such as the full name of a service
	 * @param group the health group that it follows
	 */
	public void register(String name, String group) {
		update(() -> entry(name).group = group);
	}

	/**
	 * Sets the statuses of groups. Groups without a sample are NOT_SERVING.
	 * @param statuses statuses by health group
	 */
	public void sample(Map<String, ServingStatus> statuses) {
		update(() -> this.samples.putAll(statuses));
	}

	/**
	 * Opens or closes the gate.
	 * @param open whether all servers serve; evaluated once, by one thread at a time
	 */
	public void gate(BooleanSupplier open) {
		update(() -> this.open = open.getAsBoolean());
	}

	/**
	 * Overrides the status of a name, known or not.
	 * @param status the status, {@code null} to clear the override
	 */
	void override(String name, @Nullable ServingStatus status) {
		Assert.isTrue(status != ServingStatus.SERVICE_UNKNOWN && status != ServingStatus.UNRECOGNIZED,
				"'status' must be SERVING, NOT_SERVING or UNKNOWN");
		update(() -> entry(name).override = status);
	}

	/**
	 * Returns the status of a name.
	 * @return the status, {@code null} if the name is not known
	 */
	public @Nullable ServingStatus get(String name) {
		Entry entry = this.entries.get(name);
		return (entry != null) ? entry.known() : null;
	}

	/**
	 * Returns the statuses of all known names.
	 * @return statuses by name, sorted
	 */
	public Map<String, ServingStatus> all() {
		Map<String, ServingStatus> all = new TreeMap<>();
		this.entries.forEach((name, entry) -> {
			ServingStatus status = entry.known();
			if (status != null) {
				all.put(name, status);
			}
		});
		return all;
	}

	/**
	 * Describes all known names.
	 * @return descriptions by name, sorted
	 */
	public Map<String, Description> describe() {
		Map<String, Description> descriptions = new TreeMap<>();
		synchronized (this.lock) {
			this.entries.forEach((name, entry) -> {
				Source source = source(entry);
				if (source != Source.NONE) {
					descriptions.put(name,
							new Description(status(entry), source, entry.group, entry.override, entry.watches.size()));
				}
			});
		}
		return descriptions;
	}

	/**
	 * Watches a name, known or not.
	 * @param changed called after each change on the thread that made it, possibly
	 * without a change; must not block
	 * @return the watch
	 */
	Watch watch(String name, Runnable changed) {
		synchronized (this.lock) {
			Entry entry = entry(name);
			Watch watch = new Watch(entry, changed);
			entry.watches.add(watch);
			return watch;
		}
	}

	/**
	 * Returns the number of watchers of a name.
	 */
	public int watchers(String name) {
		Entry entry = this.entries.get(name);
		return (entry != null) ? entry.watches.size() : 0;
	}

	private void update(Runnable change) {
		List<Entry> changed = new ArrayList<>();
		synchronized (this.lock) {
			change.run();
			for (Entry entry : this.entries.values()) {
				ServingStatus status = status(entry);
				if (status != entry.status) {
					entry.status = status;
					changed.add(entry);
				}
				removeIfUnused(entry);
			}
		}
		changed.forEach(Entry::tell);
		changed.stream().filter((entry) -> entry.known() != null).forEach((entry) -> this.known.accept(entry.name));
	}

	private ServingStatus status(Entry entry) {
		return switch (source(entry)) {
			case NONE -> ServingStatus.SERVICE_UNKNOWN;
			case DRAIN -> ServingStatus.NOT_SERVING;
			case OVERRIDE -> Objects.requireNonNull(entry.override);
			case GROUP, AVAILABILITY -> sample(entry);
		};
	}

	private Source source(Entry entry) {
		if (entry.group == null && entry.override == null) {
			return Source.NONE;
		}
		if (!this.open && !LIVENESS.equals(entry.name)) {
			return Source.DRAIN;
		}
		if (entry.override != null && (entry.group == null || severity(entry.override) > severity(sample(entry)))) {
			return Source.OVERRIDE;
		}
		return (entry.group != null && this.availability.contains(entry.group)) ? Source.AVAILABILITY : Source.GROUP;
	}

	private ServingStatus sample(Entry entry) {
		return (entry.group != null) ? this.samples.getOrDefault(entry.group, ServingStatus.NOT_SERVING)
				: ServingStatus.SERVING;
	}

	private static int severity(ServingStatus status) {
		return switch (status) {
			case SERVING -> 0;
			case UNKNOWN -> 1;
			default -> 2;
		};
	}

	private Entry entry(String name) {
		return this.entries.computeIfAbsent(name, Entry::new);
	}

	private void removeIfUnused(Entry entry) {
		if (entry.known() == null && entry.watches.isEmpty()) {
			// Removes only itself: a watch can be closed twice, and the name may be
			// watched again.
			this.entries.remove(entry.name, entry);
		}
	}

	/**
	 * Source of a serving status.
	 *
	 * @hidden
	 */
	public enum Source {

		/**
		 * Health group that the name follows.
		 */
		GROUP,

		/**
		 * Availability of the application, as the health group does not exist.
		 */
		AVAILABILITY,

		/**
		 * Override by the application.
		 */
		OVERRIDE,

		/**
		 * Server that starts or shuts down.
		 */
		DRAIN,

		/**
		 * None: the name is not known.
		 */
		NONE

	}

	/**
	 * Description of a name.
	 *
	 * @param source the source of the status
	 * @param group the health group that it follows, if any
	 * @param override the override by the application, if any
	 * @param watchers the number of watchers
	 * @hidden
	 */
	public record Description(ServingStatus status, Source source, @Nullable String group,
			@Nullable ServingStatus override, int watchers) {

	}

	private static final class Entry {

		private final String name;

		private final Set<Watch> watches = ConcurrentHashMap.newKeySet();

		private @Nullable String group;

		private @Nullable ServingStatus override;

		private volatile ServingStatus status = ServingStatus.SERVICE_UNKNOWN;

		Entry(String name) {
			this.name = name;
		}

		@Nullable ServingStatus known() {
			ServingStatus status = this.status;
			return (status != ServingStatus.SERVICE_UNKNOWN) ? status : null;
		}

		void tell() {
			this.watches.forEach(Watch::changed);
		}

	}

	/**
	 * View of one watcher on one name.
	 */
	final class Watch {

		private final Entry entry;

		private final Runnable changed;

		private Watch(Entry entry, Runnable changed) {
			this.entry = entry;
			this.changed = changed;
		}

		/**
		 * Returns the newest status.
		 * @return the status, SERVICE_UNKNOWN if the name is not known
		 */
		ServingStatus status() {
			return this.entry.status;
		}

		void close() {
			synchronized (ServingStatusTable.this.lock) {
				this.entry.watches.remove(this);
				removeIfUnused(this.entry);
			}
		}

		private void changed() {
			this.changed.run();
		}

	}

}
