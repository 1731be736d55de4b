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
import java.util.concurrent.TimeUnit;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import org.jspecify.annotations.Nullable;

/**
 * One address, and the process that serves there if one does.
 */
final class Replica implements AutoCloseable {

	private static final Path LOGS = Path.of("benchmarks", "target", "logs");

	private final Candidate candidate;

	private final int port;

	private final Path log;

	private final List<String> launcher;

	private final List<String> jvmOptions;

	private @Nullable ManagedProcess process;

	Replica(ServerKind kind, String name, String... jvmOptions) {
		this(new Candidate(kind.name(), kind, Jdks.own()), name, List.of(jvmOptions));
	}

	Replica(Candidate candidate, String name, List<String> jvmOptions) {
		this(candidate, name, List.of(), jvmOptions);
	}

	/**
	 * Create a replica.
	 * @param candidate what is started
	 * @param name part of the name of its log
	 * @param launcher the command that starts the JVM, such as {@code nice}, or nothing
	 * @param jvmOptions options of the JVM
	 */
	Replica(Candidate candidate, String name, List<String> launcher, List<String> jvmOptions) {
		this.candidate = candidate;
		this.port = Ports.free();
		this.log = LOGS.resolve(candidate.name().replace('/', '_') + "-" + name + ".log");
		this.launcher = List.copyOf(launcher);
		this.jvmOptions = List.copyOf(jvmOptions);
	}

	int port() {
		return this.port;
	}

	Path log() {
		return this.log;
	}

	String address() {
		return "127.0.0.1:" + this.port;
	}

	/**
	 * Start, and wait until health is SERVING.
	 */
	void start() throws IOException, InterruptedException {
		begin();
		awaitServing();
	}

	void begin() throws IOException {
		List<String> command = new ArrayList<>(this.launcher);
		command.add(this.candidate.javaHome().resolve("bin").resolve("java").toString());
		command.addAll(this.jvmOptions);
		command.addAll(this.candidate.jvmOptions());
		command.addAll(List.of("-cp", this.candidate.classPath(), this.candidate.kind().mainClass()));
		command.addAll(this.candidate.kind().arguments(this.port));
		this.process = ManagedProcess.start(command, this.log);
	}

	void awaitServing() throws InterruptedException {
		NettyChannelBuilder builder = NettyChannelBuilder.forAddress("127.0.0.1", this.port).usePlaintext();
		if (this.candidate.kind().isSecured()) {
			// Some ask even probes for one.
			builder.intercept(BearerToken.attached());
		}
		ManagedChannel channel = builder.build();
		try {
			long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
			while (System.nanoTime() < deadline && process().isAlive()) {
				if (isServing(channel)) {
					return;
				}
				channel.resetConnectBackoff();
				Thread.sleep(100);
			}
		}
		finally {
			channel.shutdownNow();
		}
		throw new IllegalStateException("The server does not serve, see " + this.log);
	}

	private static boolean isServing(ManagedChannel channel) {
		try {
			return HealthGrpc.newBlockingStub(channel)
				.withDeadlineAfter(1, TimeUnit.SECONDS)
				.check(HealthCheckRequest.getDefaultInstance())
				.getStatus() == ServingStatus.SERVING;
		}
		catch (StatusRuntimeException ex) {
			return false;
		}
	}

	ManagedProcess process() {
		ManagedProcess process = this.process;
		if (process == null) {
			throw new IllegalStateException("Not started");
		}
		return process;
	}

	@Override
	public void close() {
		if (this.process != null) {
			this.process.close();
		}
	}

}
