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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * What Last Call costs a call: an empty unary method on plain grpc-java, on a server
 * whose calls are tracked, and on an application with everything that is on by default
 * (tracking, limits, meters), on the same kind of executor, in interleaved rounds. Client
 * and servers share the process.
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
		System.setProperty("logging.level.root", "warn");
		Map<String, ClosedLoop<Empty, Empty>> direct = new LinkedHashMap<>();
		direct.put("plain", connect(plain(ServerExecutor.direct())));
		direct.put("tracked", connect(tracked(ServerExecutor.direct())));
		direct.put("everything", everything("direct"));
		compare("event loop", direct, rounds, millis);
		ServerExecutor executor = ServerExecutor.platform(200, Integer.MAX_VALUE);
		Map<String, ClosedLoop<Empty, Empty>> pooled = new LinkedHashMap<>();
		pooled.put("plain", connect(plain(executor)));
		pooled.put("tracked", connect(tracked(executor)));
		pooled.put("everything", everything("platform"));
		pooled.put("plain, grpc-java's own executor", connect(plain(null)));
		compare("200 threads", pooled, rounds, millis);
		System.exit(0);
	}

	private static void compare(String name, Map<String, ClosedLoop<Empty, Empty>> servers, int rounds, long millis)
			throws Exception {
		long nanos = TimeUnit.MILLISECONDS.toNanos(millis);
		List<String> names = new ArrayList<>(servers.keySet());
		Map<String, List<Double>> rates = new LinkedHashMap<>();
		for (String server : names) {
			rates.put(server, new ArrayList<>());
			loop(servers, server).callsPerSecond(5 * nanos);
		}
		for (int round = 0; round < rounds; round++) {
			// Nobody is always the first.
			Collections.rotate(names, 1);
			for (String server : names) {
				rates.getOrDefault(server, List.of()).add(loop(servers, server).callsPerSecond(nanos));
			}
		}
		List<Double> plain = rates.getOrDefault("plain", List.of());
		rates.forEach((server, of) -> {
			List<Double> ratios = new ArrayList<>();
			for (int i = 0; i < rounds; i++) {
				ratios.add(of.get(i) / plain.get(i));
			}
			System.out.printf("%-11s %-32s %7.0f calls/s, this / plain %.3f (quartiles %.3f to %.3f)%n", name, server,
					quantile(of, 0.5), quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75));
		});
	}

	private static ClosedLoop<Empty, Empty> loop(Map<String, ClosedLoop<Empty, Empty>> servers, String name) {
		ClosedLoop<Empty, Empty> loop = servers.get(name);
		if (loop == null) {
			throw new IllegalStateException(name);
		}
		return loop;
	}

	private static ClosedLoop<Empty, Empty> everything(String executor) {
		ConfigurableApplicationContext context = SpringApplication.run(HealthServer.class, "--grpc.server.port=0",
				"--grpc.server.executor.type=" + executor);
		return connect(context.getEnvironment().getRequiredProperty("local.grpc.server.port", Integer.class),
				"lastcall.benchmarks.EmptyOnExecutor");
	}

	private static int plain(@Nullable ServerExecutor executor) throws IOException {
		NettyServerBuilder builder = NettyServerBuilder
			.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
			.addService(new EmptyService(SERVICE));
		if (executor != null) {
			builder = (executor.get() == ServerExecutor.DIRECT) ? builder.directExecutor()
					: builder.executor(executor.get());
		}
		Server server = builder.build().start();
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
		return connect(port, SERVICE);
	}

	private static ClosedLoop<Empty, Empty> connect(int port, String service) {
		List<ManagedChannel> channels = new ArrayList<>();
		for (int i = 0; i < CONNECTIONS; i++) {
			channels.add(NettyChannelBuilder.forAddress("localhost", port).usePlaintext().directExecutor().build());
		}
		return new ClosedLoop<>(channels, EmptyService.method(service), Empty.getDefaultInstance());
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
