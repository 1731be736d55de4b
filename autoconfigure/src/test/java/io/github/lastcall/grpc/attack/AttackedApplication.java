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
import java.util.Map;
import java.util.stream.Collectors;

import io.github.lastcall.grpc.server.GrpcService;
import io.grpc.netty.shaded.io.netty.util.internal.PlatformDependent;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;

/**
 * An ordinary application with Last Call's defaults, in a process of its own. It tells
 * how it is by a line on its standard output for each line on its standard input, and
 * ends with its standard input.
 */
@SpringBootConfiguration
@EnableAutoConfiguration
public class AttackedApplication {

	public static void main(String[] arguments) throws IOException {
		SpringApplication application = new SpringApplication(AttackedApplication.class);
		application.setWebApplicationType(WebApplicationType.NONE);
		// The attacks are on the transport, and end before the rules of a message matter.
		application.setDefaultProperties(Map.of("grpc.server.validation.enabled", "false"));
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
	AttackedRouteGuide routeGuide() {
		return new AttackedRouteGuide();
	}

}
