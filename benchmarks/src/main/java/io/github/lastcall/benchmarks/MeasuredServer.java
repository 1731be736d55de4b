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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;

/**
 * A server in a process of its own with the agent in it.
 */
final class MeasuredServer implements AutoCloseable {

	/**
	 * The same for every server: nothing else about the JVM is set.
	 */
	static final String HEAP = "-Xmx512m";

	/**
	 * OpenTelemetry exports every five seconds.
	 */
	private static final long EXPORT_NANOS = TimeUnit.SECONDS.toNanos(11);

	private final Candidate candidate;

	private final Replica replica;

	private final Probe probe;

	private MeasuredServer(Candidate candidate, Replica replica, Probe probe) {
		this.candidate = candidate;
		this.replica = replica;
		this.probe = probe;
	}

	/**
	 * Start a server, and wait until it serves.
	 */
	static MeasuredServer start(Candidate candidate, String... jvmOptions) throws IOException, InterruptedException {
		return launch(candidate, List.of(), jvmOptions);
	}

	/**
	 * Start a server that leaves the client the processor time that it needs: as if the
	 * client ran on another machine.
	 */
	static MeasuredServer startBehindClient(Candidate candidate) throws IOException, InterruptedException {
		return launch(candidate, List.of("nice", "-n", "19"));
	}

	private static MeasuredServer launch(Candidate candidate, List<String> launcher, String... jvmOptions)
			throws IOException, InterruptedException {
		int port = Ports.free();
		List<String> options = new ArrayList<>(List.of(HEAP, Probe.jvmOption(port)));
		// The last one counts.
		options.addAll(List.of(jvmOptions));
		Replica replica = new Replica(candidate, "measured", launcher, options);
		try {
			replica.start();
			return new MeasuredServer(candidate, replica, new Probe(port));
		}
		catch (IOException | RuntimeException ex) {
			replica.close();
			throw ex;
		}
	}

	Candidate candidate() {
		return this.candidate;
	}

	String name() {
		return this.candidate.name();
	}

	Replica replica() {
		return this.replica;
	}

	Probe probe() {
		return this.probe;
	}

	/**
	 * Check that a server that is to trace its calls does.
	 * @throws IllegalStateException if it has not exported a span some time after calls
	 */
	void checkTraced() throws InterruptedException {
		if (!this.candidate.kind().isTraced()) {
			return;
		}
		long deadline = System.nanoTime() + EXPORT_NANOS;
		while (this.probe.usage().spans() == 0) {
			if (System.nanoTime() > deadline) {
				throw new IllegalStateException(
						"%s has exported no span: its calls are not traced. Leave it out of --servers"
							.formatted(name()));
			}
			TimeUnit.MILLISECONDS.sleep(100);
		}
	}

	/**
	 * Connections that are not open until the first call.
	 */
	List<ManagedChannel> channels(int connections) {
		List<ManagedChannel> channels = new ArrayList<>();
		for (int i = 0; i < connections; i++) {
			NettyChannelBuilder builder = NettyChannelBuilder.forAddress("127.0.0.1", this.replica.port())
				.usePlaintext()
				.directExecutor();
			if (this.candidate.kind().isSecured()) {
				builder.intercept(BearerToken.attached());
			}
			channels.add(builder.build());
		}
		return channels;
	}

	@Override
	public void close() throws IOException {
		this.probe.close();
		this.replica.close();
	}

}
