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

package io.github.lastcall.sample;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.sample.process.Tools;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * How many calls does a deploy lose? Three replicas are replaced one after the other
 * while clients call them through HAProxy, which balances connections for some of them
 * and calls for others, and never tries anything again.
 *
 * <p>
 * As a Deployment does, with one replica more while it rolls: a replacement serves before
 * an old replica is told to stop, and the next replacement does not wait for the end of
 * that one. And as in a cluster an old address does not answer again while the others are
 * replaced.
 *
 * <p>
 * With the propagation delay that is the default on Kubernetes none is lost. A replica
 * that is then stopped without it loses some: if it did not, the test would prove
 * nothing.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class RollingRestartIT {

	private static final int REPLICAS = 3;

	private static final String KUBERNETES = "--spring.main.cloud-platform=kubernetes";

	@Test
	void aRollLosesNoCallAndAStopWithoutAPropagationDelayDoes() throws Exception {
		assertThatNoCallIsLost(Integer.getInteger("rolls", 1), Traffic::start, (roll) -> {
			roll.replace("--grpc.server.shutdown.propagation-delay=0", true);
			roll.awaitStopped();
			System.out.println("one stop without a propagation delay: " + roll);
			assertThat(roll.l4.failures()).as("failed calls, L4").isNotEmpty();
			assertThat(roll.l7.failures()).as("failed calls, L7").isNotEmpty();
		});
	}

	static void assertThatNoCallIsLost(int rolls, Calls.Starter clients, Control control) throws Exception {
		try (Roll roll = Roll.start(clients)) {
			for (int restart = 0; restart < rolls * REPLICAS; restart++) {
				roll.replace(KUBERNETES, false);
			}
			roll.awaitStopped();
			System.out.println(rolls + " x three replicas restarted, defaults on Kubernetes: " + roll);
			assertThat(roll.l4.failures()).as("failed calls, L4; the log of the replicas:%n%s", roll.log()).isEmpty();
			assertThat(roll.l7.failures()).as("failed calls, L7; the log of the replicas:%n%s", roll.log()).isEmpty();
			control.run(roll);
		}
	}

	/**
	 * What else is done with the replicas, to show that a call can be lost.
	 */
	@FunctionalInterface
	interface Control {

		void run(Roll roll) throws Exception;

	}

	/**
	 * Replicas behind HAProxy, and clients that call them.
	 */
	static final class Roll implements AutoCloseable {

		private final Map<String, SampleProcess> replicas = new LinkedHashMap<>();

		private final StringBuilder log = new StringBuilder();

		private final HaProxy haproxy;

		private final Calls l4;

		private final Calls l7;

		private final Queue<String> free = new ArrayDeque<>(List.of("d", "e", "f"));

		private final Map<String, SampleProcess> stopping = new LinkedHashMap<>();

		private Roll(List<SampleProcess> started, Calls.Starter clients) throws Exception {
			for (int i = 0; i < REPLICAS; i++) {
				this.replicas.put(String.valueOf((char) ('a' + i)), started.get(i));
			}
			int l4Port = Tools.freePort();
			this.haproxy = HaProxy.startForRollingRestart(l4Port,
					started.stream().map(SampleProcess::grpcPort).toList());
			this.replicas.keySet().forEach(this::awaitUp);
			this.l4 = clients.start(l4Port);
			this.l7 = clients.start(this.haproxy.port());
			awaitCalls();
		}

		static Roll start(Calls.Starter clients) throws Exception {
			Tools.haproxy();
			List<SampleProcess> started = SampleProcess.startAll(Collections.nCopies(REPLICAS, List.of(KUBERNETES)));
			try {
				return new Roll(started, clients);
			}
			catch (Exception ex) {
				started.forEach(SampleProcess::close);
				throw ex;
			}
		}

		/**
		 * Adds a replica, and tells the oldest one or the one that has just been added to
		 * stop.
		 */
		void replace(String argument, boolean stopNewest) throws Exception {
			if (this.free.isEmpty()) {
				awaitStopped();
			}
			String name = this.free.remove();
			SampleProcess replacement = SampleProcess.start(argument);
			this.replicas.put(name, replacement);
			this.haproxy.move(name, replacement.grpcPort());
			awaitUp(name);
			awaitCalls();
			String old = stopNewest ? name : this.replicas.keySet().iterator().next();
			SampleProcess stopped = Objects.requireNonNull(this.replicas.remove(old));
			this.stopping.put(old, stopped);
			stopped.signal("TERM");
		}

		/**
		 * Waits until all replicas that were told to stop have ended, and a while longer.
		 */
		void awaitStopped() throws Exception {
			for (SampleProcess stopped : this.stopping.values()) {
				stopped.awaitExit();
				this.log.append(stopped.log()).append("\n");
				stopped.close();
			}
			this.free.addAll(this.stopping.keySet());
			this.stopping.clear();
			awaitCalls();
		}

		private void awaitCalls() {
			this.l4.awaitCalls(20);
			this.l7.awaitCalls(20);
		}

		private void awaitUp(String name) {
			await().atMost(Duration.ofMinutes(1)).until(() -> {
				try {
					return this.haproxy.isUp(name);
				}
				catch (IOException ex) {
					return false;
				}
			});
		}

		private String log() {
			this.replicas.values().forEach((replica) -> this.log.append(replica.log()).append("\n"));
			return this.log.toString();
		}

		@Override
		public void close() throws Exception {
			try (HaProxy haproxy = this.haproxy; Calls l4 = this.l4; Calls l7 = this.l7) {
				// The clients first.
			}
			finally {
				this.replicas.values().forEach(SampleProcess::close);
				this.stopping.values().forEach(SampleProcess::close);
			}
		}

		@Override
		public String toString() {
			return "failed calls: L4 %d of %d, L7 %d of %d".formatted(this.l4.failures().size(), this.l4.calls(),
					this.l7.failures().size(), this.l7.calls());
		}

	}

}
