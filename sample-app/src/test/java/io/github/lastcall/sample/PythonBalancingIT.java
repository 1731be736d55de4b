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

import java.io.BufferedReader;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.sample.process.Tools;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Python's client balances calls over two replicas and watches their health. One of them
 * loses its database, which is in its readiness group, and gets it back.
 */
@Tag("full")
@EnabledIf(value = "io.github.lastcall.sample.PostgresServer#isInstalled",
		disabledReason = "PostgreSQL is not installed: no initdb and pg_ctl in /usr/lib/postgresql/*/bin or on the path")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class PythonBalancingIT {

	@Test
	void allCallsMoveAwayFromAReplicaThatIsNotServingAndBackAgain() throws Exception {
		String python = Tools.pythonWithGrpc();
		try (PostgresServer database = PostgresServer.start()) {
			List<SampleProcess> replicas = SampleProcess.startAll(List.of(
					List.of("--spring.datasource.url=" + database.url("postgres"),
							"--spring.datasource.hikari.connection-timeout=1000",
							"--management.endpoint.health.group.readiness.include=readinessState,db",
							"--grpc.server.health.sample-interval=500ms", "--grpc.server.health.sample-timeout=5s"),
					List.of()));
			try (SampleProcess a = replicas.get(0); SampleProcess b = replicas.get(1)) {
				Process client = Tools.start(python, "src/test/python/balancing_client.py",
						Integer.toString(a.grpcPort()), Integer.toString(b.grpcPort()));
				try (BufferedReader lines = client.inputReader()) {
					awaitLine(lines, "A B");
					database.stop();
					long stopped = System.nanoTime();
					awaitLine(lines, "B");
					long moved = System.nanoTime();
					database.startAgain();
					long started = System.nanoTime();
					awaitLine(lines, "A B");
					long back = System.nanoTime();
					client.outputWriter().close();
					String calls = lines.readLine();
					assertThat(lines.lines()).as("failed calls").isEmpty();
					System.out.printf(
							"Python's round_robin: all calls moved %d ms after the database had stopped, and back %d ms "
									+ "after it was started again; %s, 0 failed%n",
							millis(stopped, moved), millis(started, back), calls);
				}
				finally {
					client.destroyForcibly().waitFor();
				}
			}
		}
	}

	private static void awaitLine(BufferedReader lines, String expected) throws IOException {
		StringBuilder before = new StringBuilder();
		for (String line = lines.readLine(); !expected.equals(line); line = lines.readLine()) {
			assertThat(line).as("what the client said instead of '%s': %s", expected, before).isNotNull();
			before.append(line).append('\n');
		}
	}

	private static long millis(long from, long to) {
		return TimeUnit.NANOSECONDS.toMillis(to - from);
	}

}
