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

package io.github.lastcall.benchmarks.server.lastcall;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;

import com.google.protobuf.Empty;
import io.github.lastcall.benchmarks.service.ClosedLoop;
import io.github.lastcall.benchmarks.service.EmptyService;
import io.github.lastcall.grpc.server.GrpcServer;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizers;
import io.github.lastcall.grpc.server.GrpcServerLifecycle;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.server.GrpcServices;
import io.github.lastcall.grpc.server.NettyGrpcServerFactory;
import io.github.lastcall.grpc.server.Refusals;
import io.github.lastcall.grpc.server.ServerExecutor;
import io.github.lastcall.grpc.server.ServiceExecutors;
import io.github.lastcall.grpc.shutdown.Connections;
import io.github.lastcall.grpc.shutdown.GrpcServerDrain;
import io.github.lastcall.grpc.shutdown.InFlightCalls;
import io.github.lastcall.grpc.shutdown.ShutdownSettings;
import io.github.lastcall.grpc.shutdown.ThreadServerTimer;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.ServerInterceptors;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;

import org.springframework.beans.factory.support.StaticListableBeanFactory;

/**
 * What it costs to track the calls in flight: an empty unary method on plain grpc-java
 * and on a server whose calls are tracked, on the same executor, in interleaved rounds.
 * Client and servers share the process.
 */
public final class TrackingBenchmark {

	private static final String SERVICE = "lastcall.benchmarks.Empty";

	private static final int CONNECTIONS = 4;

	private TrackingBenchmark() {
	}

	/**
	 * Run the benchmark.
	 * @param args the number of rounds and the milliseconds of each, 30 and 1000 unless
	 * given
	 */
	public static void main(String[] args) throws Exception {
		int rounds = (args.length > 0) ? Integer.parseInt(args[0]) : 30;
		long millis = (args.length > 1) ? Long.parseLong(args[1]) : 1000;
		compare("event loop", ServerExecutor.direct(), rounds, millis);
		compare("executor", ServerExecutor.platform(200, Integer.MAX_VALUE), rounds, millis);
		System.exit(0);
	}

	private static void compare(String name, ServerExecutor executor, int rounds, long millis) throws Exception {
		ClosedLoop<Empty, Empty> plain = connect(plain(executor));
		ClosedLoop<Empty, Empty> tracked = connect(tracked(executor));
		long nanos = TimeUnit.MILLISECONDS.toNanos(millis);
		plain.callsPerSecond(5 * nanos);
		tracked.callsPerSecond(5 * nanos);
		List<Double> plainRates = new ArrayList<>();
		List<Double> trackedRates = new ArrayList<>();
		List<Double> ratios = new ArrayList<>();
		for (int round = 0; round < rounds; round++) {
			// Nobody is always the first of a pair.
			boolean plainFirst = round % 2 == 0;
			double first = (plainFirst ? plain : tracked).callsPerSecond(nanos);
			double second = (plainFirst ? tracked : plain).callsPerSecond(nanos);
			plainRates.add(plainFirst ? first : second);
			trackedRates.add(plainFirst ? second : first);
			ratios.add(trackedRates.get(round) / plainRates.get(round));
		}
		System.out.printf(
				"%-10s plain %.0f calls/s, tracked %.0f calls/s, tracked / plain %.3f (quartiles %.3f to %.3f)%n", name,
				quantile(plainRates, 0.5), quantile(trackedRates, 0.5), quantile(ratios, 0.5), quantile(ratios, 0.25),
				quantile(ratios, 0.75));
	}

	private static int plain(ServerExecutor executor) throws IOException {
		NettyServerBuilder builder = NettyServerBuilder
			.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
			.addService(new EmptyService(SERVICE));
		Server server = ((executor.get() == ServerExecutor.DIRECT) ? builder.directExecutor()
				: builder.executor(executor.get()))
			.build()
			.start();
		return server.getPort();
	}

	private static int tracked(ServerExecutor executor) {
		ThreadServerTimer timer = new ThreadServerTimer("grpc-benchmark");
		InFlightCalls calls = new InFlightCalls(timer, 10_000, new Refusals("test"), () -> null);
		Connections connections = new Connections();
		GrpcServerDrain drain = new GrpcServerDrain("tracked",
				ShutdownSettings.of(Duration.ZERO, Duration.ZERO, Duration.ZERO), calls, connections, timer,
				Clock.systemUTC(), (event) -> {
				}, List.of());
		GrpcServerBuilderCustomizer<ServerBuilder<?>> track = (
				builder) -> builder.addStreamTracerFactory(calls.tracerFactory()).addTransportFilter(connections);
		GrpcService annotation = Annotated.class.getAnnotation(GrpcService.class);
		if (annotation == null) {
			throw new IllegalStateException("No annotation");
		}
		GrpcServices services = new GrpcServices(
				List.of(new GrpcServices.Registration("empty", annotation, ServerInterceptors
					.interceptForward(new EmptyService(SERVICE).bindService(), List.of(calls.interceptor())))),
				List.of());
		new GrpcServerLifecycle("tracked", 0, () -> services,
				new NettyGrpcServerFactory(List.of(InetAddress.getLoopbackAddress()), 0, "port"),
				new GrpcServerBuilderCustomizers(new ServiceExecutors(executor, new StaticListableBeanFactory()),
						calls::guard, List.of(track)),
				drain, (event) -> {
				})
			.start();
		GrpcServer server = drain.getStatus().server();
		if (server == null) {
			throw new IllegalStateException("No server");
		}
		return server.getPort();
	}

	private static ClosedLoop<Empty, Empty> connect(int port) {
		List<ManagedChannel> channels = new ArrayList<>();
		for (int i = 0; i < CONNECTIONS; i++) {
			channels.add(NettyChannelBuilder.forAddress("localhost", port).usePlaintext().directExecutor().build());
		}
		return new ClosedLoop<>(channels, EmptyService.method(SERVICE), Empty.getDefaultInstance());
	}

	private static double quantile(List<Double> values, double quantile) {
		List<Double> sorted = new ArrayList<>(values);
		Collections.sort(sorted);
		return sorted.get((int) Math.min(sorted.size() - 1L, Math.round(quantile * (sorted.size() - 1))));
	}

	@GrpcService
	private static final class Annotated {

	}

}
