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

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;

import com.google.protobuf.ByteString;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc.RouteGuideImplBase;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.github.lastcall.sample.routeguide.RouteSummary;
import io.grpc.netty.shaded.io.netty.util.internal.PlatformDependent;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.beans.BeanUtils;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.util.ClassUtils;

/**
 * An ordinary application with Last Call's defaults, in a process of its own. It tells
 * how it is by a line on its standard output for each line on its standard input, and
 * ends with its standard input.
 */
@SpringBootConfiguration
@EnableAutoConfiguration
public class AttackedApplication {

	/**
	 * Name of the property with the class of the route guide.
	 */
	static final String ROUTE_GUIDE = "attacked.route-guide";

	private static final ByteString LARGE = ByteString.copyFrom(new byte[64 * 1024]);

	private static final int LARGE_STREAM = 4096;

	/**
	 * For a stream whose handler sends without a pause.
	 */
	static final int NEVER_ASKS = 7;

	public static void main(String[] arguments) throws IOException {
		SpringApplication application = new SpringApplication(AttackedApplication.class);
		application.setWebApplicationType(WebApplicationType.NONE);
		try (ConfigurableApplicationContext context = application.run(arguments)) {
			System.out.println("PORT " + context.getEnvironment().getProperty("local.grpc.server.port"));
			MeterRegistry meters = context.getBean(MeterRegistry.class);
			BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
			while (in.readLine() != null) {
				System.out.println("STATS " + stats(meters));
			}
		}
	}

	private static String stats(MeterRegistry meters) {
		System.gc();
		Thread[] threads = new Thread[Thread.activeCount() + 1000];
		int count = Thread.enumerate(threads);
		long workers = Arrays.stream(threads, 0, count)
			.filter((thread) -> thread.getName().startsWith("grpc-worker-") || thread.getName().startsWith("grpc-boss-")
					|| thread.getName().startsWith("grpc-server-"))
			.count();
		String refused = meters.find("grpc.server.refused")
			.tag("server", "network")
			.functionCounters()
			.stream()
			.map((counter) -> counter.getId().getTag("reason") + "=" + (long) counter.count())
			.collect(Collectors.joining(" "));
		return "heap=%d direct=%d threads=%d workers=%d open-connections=%d open-calls=%d %s".formatted(
				ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
				PlatformDependent.usedDirectMemory(), count, workers,
				(long) meters.get("grpc.server.connections.active").tag("server", "network").gauge().value(),
				(long) meters.get("grpc.server.calls.active").tag("server", "network").gauge().value(), refused);
	}

	@Bean
	@GrpcService
	RouteGuideImplBase routeGuide(Environment environment) {
		String type = environment.getProperty(ROUTE_GUIDE, RouteGuide.class.getName());
		return BeanUtils.instantiateClass(ClassUtils.resolveClassName(type, null), RouteGuideImplBase.class);
	}

	/**
	 * Answers, streams 256 MiB as fast as the client reads, and listens.
	 */
	static class RouteGuide extends RouteGuideImplBase {

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			responses.onNext(Feature.newBuilder().setName("served").setLocation(request).build());
			responses.onCompleted();
		}

		@Override
		public void listFeatures(Rectangle request, StreamObserver<Feature> responses) {
			ServerCallStreamObserver<Feature> call = (ServerCallStreamObserver<Feature>) responses;
			Feature large = Feature.newBuilder().setNameBytes(LARGE).build();
			if (request.getLo().getLatitude() == NEVER_ASKS) {
				for (int i = 0; i < 10_000; i++) {
					responses.onNext(large);
				}
				responses.onCompleted();
				return;
			}
			int[] sent = { 0 };
			call.setOnReadyHandler(() -> {
				while (call.isReady() && sent[0]++ < LARGE_STREAM) {
					call.onNext(large);
				}
				if (sent[0] == LARGE_STREAM) {
					call.onCompleted();
				}
			});
		}

		@Override
		public StreamObserver<Point> recordRoute(StreamObserver<RouteSummary> responses) {
			return new Listener<>(responses, RouteSummary.getDefaultInstance());
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			return new Listener<>(responses, RouteNote.getDefaultInstance());
		}

	}

	private record Listener<Q, R>(StreamObserver<R> responses, R answer) implements StreamObserver<Q> {

		@Override
		public void onNext(Q message) {
		}

		@Override
		public void onError(Throwable failure) {
		}

		@Override
		public void onCompleted() {
			this.responses.onNext(this.answer);
			this.responses.onCompleted();
		}

	}

}
