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

package io.github.lastcall.grpc.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.github.lastcall.grpc.health.ServingStatusOverrides;
import io.github.lastcall.grpc.health.ServingStatusTable;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerLifecycle;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.stub.StreamObserver;

import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.AvailabilityState;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.event.ContextRefreshedEvent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A real application with Actuator and a real server, which can be held in each of its
 * states, and whose time passes when a test says so: that of the drain and that of the
 * health indicators, each on its own.
 */
public final class HealthTestApplication implements AutoCloseable {

	private static final Duration LONG = Duration.ofSeconds(30);

	private final CompletableFuture<ConfigurableApplicationContext> refreshed = new CompletableFuture<>();

	private final CompletableFuture<Void> ready = new CompletableFuture<>();

	private final CompletableFuture<Void> closed = new CompletableFuture<>();

	private final List<GrpcClient> clients = new ArrayList<>();

	private final ConfigurableApplicationContext context;

	private final Runner runner;

	private final RouteGuide routeGuide;

	private final HoldingLifecycle holdingLifecycle;

	private final ManualServerTimer drainTimer;

	private boolean closing;

	private HealthTestApplication(WebApplicationType type, List<Class<?>> sources, String... properties) {
		SpringApplicationBuilder application = new SpringApplicationBuilder(Config.class)
			.sources(sources.toArray(Class<?>[]::new))
			.web(type)
			.registerShutdownHook(false)
			.properties("grpc.server.port=0", "grpc.server.address=127.0.0.1", "server.port=0",
					"server.address=127.0.0.1", "spring.main.banner-mode=off",
					"spring.lifecycle.timeout-per-shutdown-phase=10m", "spring.main.cloud-platform=none",
					// Time may pass while an indicator answers: only a test of the
					// timeout
					// wants to see it.
					"grpc.server.health.sample-timeout=10000h")
			.properties(properties)
			.listeners((ApplicationListener<ContextRefreshedEvent>) (event) -> {
				// A management server of its own has a context of its own.
				if (event.getApplicationContext().getParent() == null) {
					this.refreshed.complete((ConfigurableApplicationContext) event.getApplicationContext());
				}
			});
		new Thread(() -> {
			try {
				application.run();
				this.ready.complete(null);
			}
			catch (Throwable ex) {
				this.refreshed.completeExceptionally(ex);
				this.ready.completeExceptionally(ex);
			}
		}, "starter").start();
		this.context = this.refreshed.orTimeout(60, TimeUnit.SECONDS).join();
		this.runner = bean(Runner.class);
		this.routeGuide = bean(RouteGuide.class);
		this.holdingLifecycle = bean(HoldingLifecycle.class);
		this.drainTimer = this.context.getBean("drainTimer", ManualServerTimer.class);
	}

	/**
	 * An application that has started.
	 */
	public static HealthTestApplication run(List<Class<?>> sources, String... properties) {
		return run(WebApplicationType.NONE, sources, properties);
	}

	/**
	 * An application of a type that has started.
	 */
	public static HealthTestApplication run(WebApplicationType type, List<Class<?>> sources, String... properties) {
		HealthTestApplication application = new HealthTestApplication(type, sources, properties);
		application.letStart();
		return application;
	}

	/**
	 * An application whose server is bound, and which has a runner that does not end
	 * before {@link #letStart()}.
	 */
	public static HealthTestApplication starting(List<Class<?>> sources, String... properties) {
		HealthTestApplication application = new HealthTestApplication(WebApplicationType.NONE, sources, properties);
		application.runner.begun.orTimeout(30, TimeUnit.SECONDS).join();
		return application;
	}

	/**
	 * Let the runner end, and wait for the application to be ready.
	 */
	public void letStart() {
		this.runner.release.countDown();
		this.ready.orTimeout(60, TimeUnit.SECONDS).join();
	}

	public ConfigurableApplicationContext context() {
		return this.context;
	}

	public <T> T bean(Class<T> type) {
		return this.context.getBean(type);
	}

	public TestHealthIndicator indicator(String name) {
		return this.context.getBean(name + "HealthIndicator", TestHealthIndicator.class);
	}

	public ServingStatusTable table() {
		return bean(ServingStatusTable.class);
	}

	public ServingStatusOverrides overrides() {
		return bean(ServingStatusOverrides.class);
	}

	public ManualServerTimer drainTimer() {
		return this.drainTimer;
	}

	public ManualServerTimer healthTimer() {
		return this.context.getBean("lastCallHealthTimer", ManualServerTimer.class);
	}

	public GrpcServerState state() {
		return bean(GrpcServerDrain.class).getStatus().state();
	}

	public void publish(AvailabilityState state) {
		AvailabilityChangeEvent.publish(this.context, state);
	}

	public int port() {
		return GrpcClient.port(this.context);
	}

	public int probePort() {
		return this.context.getEnvironment().getRequiredProperty("local.grpc.health.port", Integer.class);
	}

	/**
	 * A client of the server.
	 */
	public HealthClient health() {
		return health(port());
	}

	/**
	 * A client of the server on a port.
	 */
	public HealthClient health(int port) {
		GrpcClient client = GrpcClient.of(port);
		this.clients.add(client);
		return new HealthClient(client.channel());
	}

	/**
	 * Let health indicators be asked until what they say now is known to the status
	 * table. An indicator is never asked twice at a time, so the second question after
	 * now is asked when the answer to the first has been taken.
	 */
	public void sample(TestHealthIndicator... indicators) {
		int[] before = Stream.of(indicators).mapToInt(TestHealthIndicator::asked).toArray();
		await().atMost(LONG).pollInterval(Duration.ofMillis(1)).until(() -> {
			healthTimer().advance(Duration.ofSeconds(5));
			return IntStream.range(0, before.length).allMatch((i) -> indicators[i].asked() >= before[i] + 2);
		});
	}

	/**
	 * Wait until no health indicator is being asked: the next round is all that is left
	 * to wait for.
	 */
	public void awaitAnswers() {
		await().atMost(LONG).pollInterval(Duration.ofMillis(1)).until(() -> healthTimer().pending() == 1);
	}

	/**
	 * Hold a call in flight that ignores that it is cancelled.
	 */
	public void holdCall() {
		GrpcClient client = GrpcClient.of(port());
		this.clients.add(client);
		RouteGuideGrpc.newStub(client.channel()).getFeature(RouteGuide.HOLD, new StreamObserver<>() {

			@Override
			public void onNext(Feature feature) {
			}

			@Override
			public void onError(Throwable ex) {
			}

			@Override
			public void onCompleted() {
			}

		});
		assertThat(this.routeGuide.held).succeedsWithin(LONG);
	}

	/**
	 * Begin to close the context, as a signal does: on another thread, which waits.
	 */
	public CompletableFuture<Void> closeAsync() {
		this.closing = true;
		new Thread(() -> {
			try {
				this.context.close();
				this.closed.complete(null);
			}
			catch (Throwable ex) {
				this.closed.completeExceptionally(ex);
			}
		}, "closer").start();
		return this.closed;
	}

	/**
	 * Close the context and hold it when the server has stopped and nothing else yet, the
	 * server for probes least of all.
	 */
	public void holdStopped() {
		this.holdingLifecycle.hold = true;
		closeAsync();
		await().atMost(LONG).pollInterval(Duration.ofMillis(5)).until(() -> {
			this.drainTimer.advance(Duration.ofHours(1));
			return this.holdingLifecycle.stopping.getCount() == 0;
		});
	}

	public void awaitState(GrpcServerState state) {
		await().atMost(LONG).pollInterval(Duration.ofMillis(5)).until(() -> state() == state);
	}

	/**
	 * Let everything go that is held, and wait until the context is closed.
	 */
	public void finishClosing() {
		this.runner.release.countDown();
		this.routeGuide.release.countDown();
		this.holdingLifecycle.release.countDown();
		this.ready.orTimeout(60, TimeUnit.SECONDS).exceptionally((ex) -> null).join();
		if (!this.closing) {
			closeAsync();
		}
		await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(5)).until(() -> {
			this.drainTimer.advance(Duration.ofHours(1));
			return this.closed.isDone();
		});
		this.closed.join();
	}

	@Override
	public void close() {
		this.clients.forEach(GrpcClient::close);
		finishClosing();
	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Config {

		@Bean
		ManualServerTimer drainTimer() {
			return new ManualServerTimer();
		}

		@Bean(defaultCandidate = false)
		ManualServerTimer lastCallHealthTimer() {
			return new ManualServerTimer();
		}

		@Bean
		@GrpcService
		RouteGuide routeGuide() {
			return new RouteGuide();
		}

		@Bean
		@GrpcService
		OneMethodService other() {
			return new OneMethodService("test.Other");
		}

		@Bean
		Runner runner() {
			return new Runner();
		}

		@Bean
		HoldingLifecycle holdingLifecycle() {
			return new HoldingLifecycle();
		}

	}

	private static final class Runner implements ApplicationRunner {

		private final CompletableFuture<Void> begun = new CompletableFuture<>();

		private final CountDownLatch release = new CountDownLatch(1);

		@Override
		public void run(ApplicationArguments arguments) throws Exception {
			this.begun.complete(null);
			this.release.await();
		}

	}

	private static final class RouteGuide extends TestRouteGuide {

		static final Point HOLD = Point.newBuilder().setLatitude(-1).build();

		private final CompletableFuture<Void> held = new CompletableFuture<>();

		private final CountDownLatch release = new CountDownLatch(1);

		@Override
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			if (request.equals(HOLD)) {
				this.held.complete(null);
				try {
					this.release.await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
				return;
			}
			super.getFeature(request, observer);
		}

	}

	/**
	 * Stops after the server and before the server for probes.
	 */
	private static final class HoldingLifecycle implements SmartLifecycle {

		private final CountDownLatch stopping = new CountDownLatch(1);

		private final CountDownLatch release = new CountDownLatch(1);

		private volatile boolean running;

		private volatile boolean hold;

		@Override
		public void start() {
			this.running = true;
		}

		@Override
		public void stop() {
			this.stopping.countDown();
			try {
				if (this.hold) {
					this.release.await();
				}
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			this.running = false;
		}

		@Override
		public boolean isRunning() {
			return this.running;
		}

		@Override
		public int getPhase() {
			return GrpcServerLifecycle.PHASE - 256;
		}

	}

}
