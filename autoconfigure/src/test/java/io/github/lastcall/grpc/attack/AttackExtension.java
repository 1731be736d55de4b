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
package io.github.lastcall.grpc.attack;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.github.lastcall.grpc.attack.AttackedProcess.Stats;
import io.github.lastcall.grpc.testing.MachineDelay;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Starts the servers to attack, with honest clients beside them, and checks what holds
 * for all attacks. An attack is a test with an {@link Attack} as its parameter, in one of
 * the interfaces that {@link AttacksIT} implements:
 *
 * <ul>
 * <li>During it no call of an honest client fails, and the 99th percentile of the one
 * that has a connection already stays under a second, plus {@link MachineDelay}.
 * <li>After it no call is in flight within five seconds, no connection is open, and the
 * server has all its threads.
 * <li>SIGTERM ends the process within a second, plus {@link MachineDelay}: after each
 * attack if each has a server of its own, after all of them if they share one.
 * <li>The log has no error of memory, no stack trace, and at most fifty lines in ten
 * seconds.
 * </ul>
 */
final class AttackExtension implements BeforeEachCallback, AfterEachCallback, AfterAllCallback, ParameterResolver {

	private static final Duration MAX_PERCENTILE = Duration.ofSeconds(1);

	private static final Duration MAX_UNTIL_IDLE = Duration.ofSeconds(5);

	private static final Duration MAX_EXIT = Duration.ofSeconds(1);

	/**
	 * In each ten seconds, and an attack should take less.
	 */
	private static final int MAX_LINES = 50;

	/**
	 * Of a process that has ended by SIGTERM.
	 */
	private static final int TERMINATED = 128 + 15;

	private final String executor;

	private final List<HonestClient> honest = new ArrayList<>();

	private final boolean shared;

	private final Map<AttackedProcess.Settings, AttackedProcess> servers = new HashMap<>();

	private @Nullable Attack attack;

	private @Nullable MachineDelay delay;

	private AttackExtension(String executor, boolean shared) {
		this.executor = executor;
		this.shared = shared;
	}

	/**
	 * Create an extension with a server of its own for each attack.
	 * @param executor the value of {@code grpc.server.executor.type}
	 */
	static AttackExtension withServerPerAttack(String executor) {
		return new AttackExtension(executor, false);
	}

	/**
	 * Create an extension with one server, of the default executor, for all attacks that
	 * need the same settings. To be registered as a static field.
	 */
	static AttackExtension withSharedServer() {
		return new AttackExtension("platform", true);
	}

	@Override
	public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
		return parameter.getParameter().getType() == Attack.class;
	}

	@Override
	public @Nullable Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
		return this.attack;
	}

	@Override
	public void beforeEach(ExtensionContext context) throws Exception {
		AttackedServer special = specialServer(context);
		AttackedProcess.Settings settings = AttackedProcess.Settings.of(special);
		AttackedProcess server = this.servers.get(settings);
		if (server == null) {
			server = AttackedProcess.start(this.executor, settings);
			this.servers.put(settings, server);
		}
		this.honest.add(HonestClient.onOneConnection(server.port()));
		if (special == null || special.acceptsConnections()) {
			this.honest.add(HonestClient.onAConnectionForEachCall(server.port()));
		}
		this.delay = MachineDelay.start();
		this.attack = new Attack(server);
	}

	private static @Nullable AttackedServer specialServer(ExtensionContext context) {
		return context.getRequiredTestMethod().getAnnotation(AttackedServer.class);
	}

	@Override
	public void afterEach(ExtensionContext context) throws Exception {
		Attack attack = this.attack;
		this.attack = null;
		boolean survived = false;
		try {
			if (context.getExecutionException().isPresent() && attack != null) {
				System.out.println(String.join("\n", attack.log()));
			}
			else if (attack != null) {
				check(context.getRequiredTestMethod().getName(), attack);
				survived = true;
			}
		}
		finally {
			closeHonestClients();
			closeMachineDelay();
			if (!survived) {
				// The next attack gets another one.
				AttackedProcess server = this.servers.remove(AttackedProcess.Settings.of(specialServer(context)));
				if (server != null) {
					server.close();
				}
			}
		}
		if (!this.shared) {
			terminateServers();
		}
	}

	@Override
	public void afterAll(ExtensionContext context) throws Exception {
		terminateServers();
	}

	private Duration closeMachineDelay() throws InterruptedException {
		MachineDelay delay = this.delay;
		if (delay == null) {
			return Duration.ZERO;
		}
		this.delay = null;
		delay.close();
		return delay.longest();
	}

	private void closeHonestClients() throws InterruptedException {
		for (HonestClient client : this.honest) {
			client.close();
		}
		this.honest.clear();
	}

	private void check(String name, Attack attack) throws Exception {
		List<HonestClient> honest = List.copyOf(this.honest);
		Stats during = attack.stats();
		closeHonestClients();
		Duration delay = closeMachineDelay();
		attack.end();
		List<String> log = attack.log();
		System.out.printf(
				"%s (%s): %d connections; honest clients: %s; machine delay %d ms; heap %d MB, direct %d MB; log: %d lines%n",
				name, this.executor, attack.connections(), honest, delay.toMillis(), during.get("heap") >> 20,
				during.get("direct") >> 20, log.size());
		assertThat(honest).allSatisfy((client) -> {
			assertThat(client.failures()).isEmpty();
			assertThat(client.calls()).isPositive();
			if (!client.reconnects()) {
				assertThat(client.percentile(99)).isLessThan(MAX_PERCENTILE.plus(delay));
			}
		});
		await().atMost(MAX_UNTIL_IDLE)
			.pollInterval(Duration.ofMillis(100))
			.untilAsserted(() -> assertThat(attack.stats().get("open-calls")).as("calls in flight").isZero());
		await().atMost(Attack.TIMEOUT).pollInterval(Duration.ofMillis(100)).untilAsserted(() -> {
			Stats after = attack.stats();
			assertThat(after.get("open-connections")).as("open connections").isZero();
			assertThat(after.get("workers")).as("threads").isGreaterThanOrEqualTo(attack.before().get("workers"));
		});
		int windows = 1 + (int) (attack.elapsed().toSeconds() / 10);
		assertThat(attack.log()).noneMatch((line) -> line.startsWith("\tat "))
			.hasSizeLessThanOrEqualTo(MAX_LINES * windows);
	}

	private void terminateServers() throws InterruptedException {
		List<AttackedProcess> servers = List.copyOf(this.servers.values());
		this.servers.clear();
		try {
			for (AttackedProcess server : servers) {
				terminate(server);
			}
		}
		finally {
			servers.forEach(AttackedProcess::close);
		}
	}

	/**
	 * Send SIGTERM, after which the process has to end at once.
	 */
	static void terminate(AttackedProcess server) throws InterruptedException {
		try (MachineDelay delay = MachineDelay.start()) {
			long signalled = System.nanoTime();
			assertThat(server.terminate()).isEqualTo(TERMINATED);
			Duration exit = Duration.ofNanos(System.nanoTime() - signalled);
			System.out.printf("SIGTERM ended a server after %d ms, machine delay %d ms%n", exit.toMillis(),
					delay.total().toMillis());
			assertThat(exit).as("exit after SIGTERM").isLessThan(MAX_EXIT.plus(delay.total()));
		}
		// Netty has one of its own for memory outside of the heap.
		assertThat(server.log())
			.noneMatch((line) -> line.contains("OutOfMemoryError") || line.contains("OutOfDirectMemoryError"));
	}

}
