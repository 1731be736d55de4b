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

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;

/**
 * The time from SIGTERM to the exit of the process, with nothing of the application's in
 * flight.
 */
final class ExitBenchmark {

	private final List<String> servers;

	private final int runs;

	private final Path out;

	ExitBenchmark(Options options) {
		this.servers = options.list("servers", "lastcall-no-delay,lastcall,plain,boot,netdevh,lognet,armeria");
		this.runs = options.number("runs", 3);
		this.out = Path.of(options.text("out", "benchmarks/results"));
	}

	void run() throws Exception {
		List<Map<String, Object>> results = new ArrayList<>();
		System.out.printf("%-18s %-22s %s%n", "server", "open", "SIGTERM to exit (ms)");
		for (String server : this.servers) {
			boolean lastCall = server.startsWith("lastcall");
			// A peer waits for a single watch as long as for a thousand.
			List<Open> cases = lastCall ? List.of(Open.values())
					: List.of(Open.NOTHING, Open.HUNDRED_CONNECTIONS, Open.ONE_WATCH);
			for (Open open : cases) {
				List<Long> millis = new ArrayList<>();
				int runs = (lastCall || open != Open.ONE_WATCH) ? this.runs : 1;
				for (int i = 0; i < runs; i++) {
					millis.add(measure(ServerKind.named(server), open));
				}
				System.out.printf("%-18s %-22s %s%n", server, open.text, millis);
				Map<String, Object> result = new LinkedHashMap<>();
				result.put("server", server);
				result.put("open", open.text);
				result.put("millis", millis);
				results.add(result);
			}
		}
		Files.createDirectories(this.out);
		Json.write(this.out.resolve("exit.json"), Map.of("environment", Environment.describe(), "results", results));
	}

	private static long measure(ServerKind kind, Open open) throws Exception {
		try (Replica replica = new Replica(kind, "exit", "-Xmx160m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")) {
			replica.start();
			List<ManagedChannel> channels = new ArrayList<>();
			for (int i = 0; i < open.connections; i++) {
				channels.add(NettyChannelBuilder.forAddress("127.0.0.1", replica.port())
					.usePlaintext()
					.directExecutor()
					.build());
			}
			for (ManagedChannel channel : channels) {
				HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance());
			}
			CountDownLatch answered = new CountDownLatch(open.streams);
			for (int i = 0; i < open.streams; i++) {
				open(channels.get(i % channels.size()), open, answered);
			}
			if (!answered.await(30, TimeUnit.SECONDS)) {
				throw new IllegalStateException("Not every stream is answered");
			}
			long terminated = System.nanoTime();
			replica.process().terminate();
			boolean byItself = replica.process().awaitExit(90_000);
			long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - terminated);
			channels.forEach(ManagedChannel::shutdownNow);
			return byItself ? millis : -1;
		}
	}

	private static void open(ManagedChannel channel, Open open, CountDownLatch answered) {
		if (open == Open.REFLECTION) {
			ServerReflectionRequest request = ServerReflectionRequest.newBuilder().setListServices("").build();
			open(channel, ServerReflectionGrpc.getServerReflectionInfoMethod(), request, answered);
		}
		else {
			open(channel, HealthGrpc.getWatchMethod(), HealthCheckRequest.getDefaultInstance(), answered);
		}
	}

	private static <Q, R> void open(ManagedChannel channel, MethodDescriptor<Q, R> method, Q request,
			CountDownLatch answered) {
		ClientCall<Q, R> call = channel.newCall(method, CallOptions.DEFAULT);
		call.start(new ClientCall.Listener<>() {

			@Override
			public void onMessage(R message) {
				answered.countDown();
				call.request(1);
			}

			@Override
			public void onClose(Status status, Metadata trailers) {
			}

		}, new Metadata());
		call.request(1);
		call.sendMessage(request);
		if (method.getType() != MethodType.BIDI_STREAMING) {
			call.halfClose();
		}
	}

	private enum Open {

		NOTHING("nothing", 0, 0),

		HUNDRED_CONNECTIONS("100 idle connections", 100, 0),

		ONE_WATCH("1 watch", 1, 1),

		THOUSAND_WATCHES("1000 watches", 10, 1000),

		REFLECTION("1 reflection stream", 1, 1);

		private final String text;

		private final int connections;

		private final int streams;

		Open(String text, int connections, int streams) {
			this.text = text;
			this.connections = connections;
			this.streams = streams;
		}

	}

}
