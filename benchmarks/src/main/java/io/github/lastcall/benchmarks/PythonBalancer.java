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

package io.github.lastcall.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The round_robin of Python's grpcio, with the client watching the health of each
 * replica.
 */
final class PythonBalancer implements Balancer {

	private static final Path SCRIPT = Path.of("benchmarks", "src", "main", "python", "load_client.py");

	private static final Path LOG = Path.of("benchmarks", "target", "logs", "python-client.log");

	private final AtomicInteger connections = new AtomicInteger();

	private final RemoteClient client;

	private PythonBalancer(RemoteClient client) {
		this.client = client;
	}

	static Balancer start(List<Replica> replicas) throws IOException {
		Python python = Python.find().orElseThrow(() -> new IllegalStateException(Python.MISSING));
		List<String> command = new ArrayList<>(List.of(python.program(), SCRIPT.toString()));
		replicas.forEach((replica) -> command.add(String.valueOf(replica.port())));
		return new PythonBalancer(new RemoteClient(ManagedProcess.startWithPipes(command, LOG)));
	}

	@Override
	public Connection connect(LoadTimer timer) {
		int id = this.connections.incrementAndGet();
		this.client.tell(Map.of("do", "connect", "connection", id));
		return new Connection() {

			@Override
			public void call(CallKind kind, long millis, CallEnd end) {
				PythonBalancer.this.client
					.call(Map.of("do", "call", "connection", id, "method", kind.method().getFullMethodName(), "type",
							kind.method().getType(), "millis", millis, "timeoutMillis", CallKind.timeoutMillis(millis)),
							end);
			}

			@Override
			public void close() {
				PythonBalancer.this.client.tell(Map.of("do", "close", "connection", id));
			}

		};
	}

	@Override
	public void close() {
		this.client.close();
	}

}
