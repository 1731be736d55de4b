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
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.github.lastcall.grpc.autoconfigure.GrpcServerAutoConfiguration;
import io.github.lastcall.grpc.health.ServingStatusOverrides;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerLifecycle;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.lifecycle.GrpcServerStateChangedEvent;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.tls.CertificateRotation;
import io.github.lastcall.grpc.tls.TlsStatus;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;

import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.autoconfigure.context.LifecycleAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.AvailabilityState;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleRegistry;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.EventListener;
import org.springframework.context.support.GenericApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Started application with a real server on a free port, which can be held in each of its
 * states. Time passes when a test says so: that of the drain and that of the health
 * indicators, each on its own.
 */
public final class TestApplication implements AutoCloseable {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private final ConfigurableApplicationContext context;

	private final CountDownLatch started;

	private final CompletableFuture<Void> ready;

	private final ManualServerTimer drainTimer;

	private final GrpcServerDrain drain;

	private final HeldRouteGuide routeGuide;

	private final Events events;

	private final HoldingLifecycle lifecycle;

	private final List<ManagedChannel> channels = new ArrayList<>();

	private final CompletableFuture<Void> closed = new CompletableFuture<>();

	private boolean closing;

	private TestApplication(ConfigurableApplicationContext context, CountDownLatch started,
			CompletableFuture<Void> ready) {
		this.context = context;
		this.started = started;
		this.ready = ready;
		this.drainTimer = context.getBean("drainTimer", ManualServerTimer.class);
		this.drain = bean(GrpcServerDrain.class);
		this.routeGuide = bean(HeldRouteGuide.class);
		this.events = bean(Events.class);
		this.lifecycle = bean(HoldingLifecycle.class);
	}

	/**
	 * Starts an application with the auto-configuration of the server alone.
	 */
	public static TestApplication run(String... properties) {
		return new Builder(ServerConfig.class).run(properties);
	}

	/**
	 * An application with the auto-configurations that the server works with, and more
	 * sources.
	 */
	public static Builder of(Class<?>... sources) {
		return new Builder(Config.class).sources(sources);
	}

	/**
	 * An application with every auto-configuration, and more sources.
	 */
	public static Builder ofEverything(Class<?>... sources) {
		return new Builder(EverythingConfig.class).sources(sources);
	}

	public ConfigurableApplicationContext context() {
		return this.context;
	}

	public <T> T bean(Class<T> type) {
		return this.context.getBean(type);
	}

	public GrpcServerDrain drain() {
		return this.drain;
	}

	public HeldRouteGuide routeGuide() {
		return this.routeGuide;
	}

	public Events events() {
		return this.events;
	}

	public TestHealthIndicator indicator(String name) {
		return this.context.getBean(name + "HealthIndicator", TestHealthIndicator.class);
	}

	public ServingStatusOverrides overrides() {
		return bean(ServingStatusOverrides.class);
	}

	public TlsStatus tlsStatus() {
		return bean(CertificateRotation.class).getStatus();
	}

	public ManualServerTimer drainTimer() {
		return this.drainTimer;
	}

	public ManualServerTimer healthTimer() {
		return this.context.getBean("lastCallHealthTimer", ManualServerTimer.class);
	}

	public GrpcServerState state() {
		return this.drain.getStatus().state();
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
	 * Opens a channel to the server: in the process if it can be reached there.
	 */
	public ManagedChannel channel() {
		String inProcess = this.context.getEnvironment().getProperty("local.grpc.in-process.name");
		return opened((inProcess != null) ? InProcessChannelBuilder.forName(inProcess).directExecutor()
				: NettyChannelBuilder.forAddress("127.0.0.1", port()));
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
		return new HealthClient(opened(NettyChannelBuilder.forAddress("127.0.0.1", port)));
	}

	private ManagedChannel opened(ManagedChannelBuilder<?> builder) {
		ManagedChannel channel = builder.usePlaintext().disableRetry().build();
		this.channels.add(channel);
		return channel;
	}

	/**
	 * Ends the runner of an application that is starting, and waits until it is ready.
	 */
	public void endStart() {
		this.started.countDown();
		this.ready.orTimeout(TIMEOUT.toSeconds(), TimeUnit.SECONDS).join();
	}

	/**
	 * Updates the bundle, as Spring Boot does when files have changed.
	 */
	public void update(SslBundle bundle) {
		try {
			bean(SslBundleRegistry.class).updateBundle("server", bundle);
		}
		catch (IllegalStateException ex) {
			// Boot's own meters cannot read a broken bundle either.
			assertThat(ex.getStackTrace()).extracting(StackTraceElement::getClassName)
				.anyMatch((name) -> name.endsWith(".SslMeterBinder"));
		}
	}

	/**
	 * Lets health indicators be asked until what they say now is known to the status
	 * table. An indicator is never asked twice at a time, so the second question after
	 * now is asked when the answer to the first has been taken.
	 */
	public void sample(TestHealthIndicator... indicators) {
		int[] before = Stream.of(indicators).mapToInt(TestHealthIndicator::asked).toArray();
		await().atMost(TIMEOUT).pollInterval(Duration.ofMillis(1)).until(() -> {
			healthTimer().advance(Duration.ofSeconds(5));
			return IntStream.range(0, before.length).allMatch((i) -> indicators[i].asked() >= before[i] + 2);
		});
	}

	/**
	 * Waits until no health indicator is being asked: the next round is all that is left
	 * to wait for.
	 */
	public void awaitAnswers() {
		await().atMost(TIMEOUT).pollInterval(Duration.ofMillis(1)).until(() -> healthTimer().pending() == 1);
	}

	/**
	 * Holds a call in flight that ignores that it is cancelled.
	 */
	public void holdCall() {
		this.routeGuide.ignoreCancellation = true;
		ManagedChannel channel = opened(NettyChannelBuilder.forAddress("127.0.0.1", port()));
		RouteGuideGrpc.newStub(channel).getFeature(HeldRouteGuide.LATE, new Observer<>());
		awaitStarted("GetFeature");
	}

	/**
	 * Waits until calls of these methods are held by the route guide.
	 */
	public void awaitStarted(String... methods) {
		await().atMost(TIMEOUT).until(() -> this.routeGuide.started.containsAll(List.of(methods)));
	}

	public void awaitState(GrpcServerState state) {
		await().atMost(TIMEOUT).pollInterval(Duration.ofMillis(5)).until(() -> state() == state);
	}

	/**
	 * Waits until the server drains and has told everybody: its state can be seen before
	 * it has.
	 */
	public void awaitDraining() {
		await().until(() -> state() == GrpcServerState.DRAINING && this.drainTimer.pending() > 0);
	}

	/**
	 * Begins to close the context, as a signal does: on another thread, which waits.
	 * @return completed when the context is closed
	 */
	public CompletableFuture<Void> closeAsync() {
		this.closing = true;
		complete(this.closed, "closer", this.context::close);
		return this.closed;
	}

	/**
	 * Closes the context and holds it when the server has stopped and nothing else yet,
	 * the server for probes least of all.
	 */
	public void holdStopped() {
		this.lifecycle.hold = true;
		closeAsync();
		await().atMost(TIMEOUT).pollInterval(Duration.ofMillis(5)).until(() -> {
			this.drainTimer.advance(Duration.ofHours(1));
			return this.lifecycle.held.isDone();
		});
	}

	/**
	 * Releases everything that is held in the application, and waits until the context is
	 * closed.
	 */
	public void finishClosing() {
		this.started.countDown();
		this.routeGuide.release();
		this.lifecycle.held.thenAccept(Runnable::run);
		this.ready.orTimeout(TIMEOUT.toSeconds(), TimeUnit.SECONDS).exceptionally((ex) -> null).join();
		if (!this.closing) {
			closeAsync();
		}
		await().atMost(TIMEOUT).pollInterval(Duration.ofMillis(5)).until(() -> {
			this.drainTimer.advance(Duration.ofHours(1));
			return this.closed.isDone();
		});
		this.closed.join();
	}

	@Override
	public void close() {
		this.channels.forEach(ManagedChannel::shutdownNow);
		finishClosing();
	}

	private static void complete(CompletableFuture<Void> future, String thread, Runnable action) {
		new Thread(() -> {
			try {
				action.run();
				future.complete(null);
			}
			catch (Throwable ex) {
				future.completeExceptionally(ex);
			}
		}, thread).start();
	}

	/**
	 * What differs from one application to the next.
	 */
	public static final class Builder {

		private final SpringApplicationBuilder application;

		private Builder(Class<?> config) {
			this.application = new SpringApplicationBuilder(config).web(WebApplicationType.NONE)
				.registerShutdownHook(false)
				.properties("grpc.server.port=0", "grpc.server.address=127.0.0.1", "server.port=0",
						"server.address=127.0.0.1", "spring.main.banner-mode=off",
						"spring.lifecycle.timeout-per-shutdown-phase=10m", "spring.main.cloud-platform=none",
						// Only a test of the timeout lets time pass while an indicator
						// answers.
						"grpc.server.health.sample-timeout=10000h");
		}

		private Builder sources(Class<?>... sources) {
			this.application.sources(sources);
			return this;
		}

		/**
		 * With a web server.
		 */
		public Builder web() {
			this.application.web(WebApplicationType.SERVLET);
			return this;
		}

		/**
		 * With TLS, by an SSL bundle that a test has made.
		 */
		public Builder tls(SslBundle bundle) {
			this.application.properties("grpc.server.ssl.bundle=server")
				.initializers((context) -> ((GenericApplicationContext) context).registerBean(SslBundleRegistrar.class,
						() -> (registry) -> registry.registerBundle("server", bundle)));
			return this;
		}

		/**
		 * Starts the application.
		 */
		public TestApplication run(String... properties) {
			return new TestApplication(this.application.properties(properties).run(), new CountDownLatch(0),
					CompletableFuture.completedFuture(null));
		}

		/**
		 * Starts the application with a runner that does not end before
		 * {@link TestApplication#endStart()}, and waits until that runs.
		 */
		public TestApplication starting(String... properties) {
			CompletableFuture<ConfigurableApplicationContext> running = new CompletableFuture<>();
			CountDownLatch started = new CountDownLatch(1);
			this.application.properties(properties)
				.initializers((context) -> context.getBeanFactory()
					.registerSingleton("heldRunner", (ApplicationRunner) (arguments) -> {
						running.complete(context);
						started.await();
					}));
			CompletableFuture<Void> ready = new CompletableFuture<>();
			complete(ready, "starter", this.application::run);
			ready.whenComplete((done, failure) -> {
				if (failure != null) {
					running.completeExceptionally(failure);
				}
			});
			return new TestApplication(running.orTimeout(TIMEOUT.toSeconds(), TimeUnit.SECONDS).join(), started, ready);
		}

	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableServerAutoConfiguration
	@Import(Beans.class)
	static class Config {

	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Beans.class)
	static class EverythingConfig {

	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ GrpcServerAutoConfiguration.class, ApplicationAvailabilityAutoConfiguration.class,
			LifecycleAutoConfiguration.class })
	@Import(Beans.class)
	static class ServerConfig {

	}

	@Import({ HeldRouteGuide.class, HeldRouteGuide.Resource.class, Events.class, HoldingLifecycle.class })
	static class Beans {

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
		OneMethodService other() {
			return new OneMethodService("test.Other");
		}

	}

	/**
	 * The transitions of the servers of the application.
	 */
	public static final class Events {

		public final BlockingQueue<GrpcServerStateChangedEvent> all = new LinkedBlockingQueue<>();

		public volatile Consumer<GrpcServerStateChangedEvent> listener = (event) -> {
		};

		@EventListener
		void on(GrpcServerStateChangedEvent event) {
			this.all.add(event);
			this.listener.accept(event);
		}

	}

	/**
	 * Stops after the server and before the server for probes.
	 */
	private static final class HoldingLifecycle implements SmartLifecycle {

		private final CompletableFuture<Runnable> held = new CompletableFuture<>();

		private volatile boolean running;

		private volatile boolean hold;

		@Override
		public void start() {
			this.running = true;
		}

		@Override
		public void stop(Runnable callback) {
			stop();
			if (this.hold) {
				this.held.complete(callback);
			}
			else {
				callback.run();
			}
		}

		@Override
		public void stop() {
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
