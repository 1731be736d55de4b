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
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

import io.github.lastcall.grpc.autoconfigure.GrpcServerAutoConfiguration;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.lifecycle.GrpcServerStateChangedEvent;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.autoconfigure.context.LifecycleAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.EventListener;

import static org.awaitility.Awaitility.await;

/**
 * A real application with a real server, whose time passes when a test says so.
 */
public final class DrainTestApplication implements AutoCloseable {

	public final ConfigurableApplicationContext context;

	public final ManualServerTimer timer;

	public final GrpcServerDrain drain;

	public final Handler handler;

	public final Events events;

	private final List<ManagedChannel> channels = new ArrayList<>();

	public DrainTestApplication(String... properties) {
		this.context = new SpringApplicationBuilder(Config.class).web(WebApplicationType.NONE)
			.registerShutdownHook(false)
			.properties("grpc.server.port=0", "grpc.server.address=127.0.0.1", "spring.main.banner-mode=off")
			.properties(properties)
			.run();
		this.timer = this.context.getBean(ManualServerTimer.class);
		this.drain = this.context.getBean(GrpcServerDrain.class);
		this.handler = this.context.getBean(Handler.class);
		this.events = this.context.getBean(Events.class);
	}

	public int port() {
		return this.context.getEnvironment().getRequiredProperty("local.grpc.server.port", Integer.class);
	}

	public ManagedChannel channel() {
		String inProcess = this.context.getEnvironment().getProperty("local.grpc.in-process.name");
		ManagedChannelBuilder<?> builder = (inProcess != null)
				? InProcessChannelBuilder.forName(inProcess).directExecutor()
				: NettyChannelBuilder.forAddress("127.0.0.1", port());
		ManagedChannel channel = builder.usePlaintext().disableRetry().build();
		this.channels.add(channel);
		return channel;
	}

	public GrpcServerState state() {
		return this.drain.getStatus().state();
	}

	/**
	 * Wait until the server drains and has told everybody: its state can be seen before
	 * it has.
	 */
	public void awaitDraining() {
		await().until(() -> state() == GrpcServerState.DRAINING && this.timer.pending() > 0);
	}

	/**
	 * Close the context as a signal does: on another thread, which waits.
	 * @return completed when the context is closed
	 */
	public CompletableFuture<Void> closeAsync() {
		CompletableFuture<Void> closed = new CompletableFuture<>();
		new Thread(() -> {
			try {
				this.context.close();
				closed.complete(null);
			}
			catch (Throwable ex) {
				closed.completeExceptionally(ex);
			}
		}, "closer").start();
		return closed;
	}

	@Override
	public void close() {
		this.handler.release.countDown();
		this.channels.forEach(ManagedChannel::shutdownNow);
		if (this.context.isActive()) {
			CompletableFuture<Void> closed = closeAsync();
			while (!closed.isDone()) {
				this.timer.advance(Duration.ofSeconds(1));
				try {
					closed.get(10, TimeUnit.MILLISECONDS);
				}
				catch (Exception ex) {
					// Time goes on.
				}
			}
		}
	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ GrpcServerAutoConfiguration.class, ApplicationAvailabilityAutoConfiguration.class,
			LifecycleAutoConfiguration.class })
	@Import({ Handler.class, Events.class, Resource.class })
	public static class Config {

		@Bean
		public ManualServerTimer drainTimer() {
			return new ManualServerTimer();
		}

	}

	/**
	 * A bean that handlers use, such as a connection pool.
	 */
	public static final class Resource implements DisposableBean {

		public volatile boolean destroyed;

		@Override
		public void destroy() {
			this.destroyed = true;
		}

	}

	public static final class Events {

		public final BlockingQueue<GrpcServerStateChangedEvent> all = new LinkedBlockingQueue<>();

		public volatile Consumer<GrpcServerStateChangedEvent> listener = (event) -> {
		};

		@EventListener
		public void on(GrpcServerStateChangedEvent event) {
			this.all.add(event);
			this.listener.accept(event);
		}

	}

	/**
	 * GetFeature blocks until it is released; the streams stay open.
	 */
	@GrpcService
	public static final class Handler extends RouteGuideGrpc.RouteGuideImplBase {

		public final CountDownLatch release = new CountDownLatch(1);

		public final BlockingQueue<String> started = new LinkedBlockingQueue<>();

		public final CompletableFuture<Boolean> resourceDestroyedAtCancel = new CompletableFuture<>();

		public final CompletableFuture<Boolean> resourceDestroyedAtEnd = new CompletableFuture<>();

		public final CountDownLatch contextCancelled = new CountDownLatch(1);

		public final ConcurrentLinkedQueue<Throwable> errors = new ConcurrentLinkedQueue<>();

		public volatile boolean ignoreCancellation;

		public volatile Runnable onCall = () -> {
		};

		/**
		 * What ListFeatures does after its first feature.
		 */
		public volatile Consumer<ServerCallStreamObserver<Feature>> onList = (responses) -> {
		};

		/**
		 * What RouteChat does.
		 */
		public volatile UnaryOperator<StreamObserver<RouteNote>> onChat = Echo::new;

		private final Resource resource;

		public Handler(Resource resource) {
			this.resource = resource;
		}

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			if (request.getLatitude() == 0) {
				responses.onNext(Feature.getDefaultInstance());
				responses.onCompleted();
				return;
			}
			Context.current().addListener((context) -> this.contextCancelled.countDown(), Runnable::run);
			((ServerCallStreamObserver<Feature>) responses)
				.setOnCancelHandler(() -> this.resourceDestroyedAtCancel.complete(this.resource.destroyed));
			this.started.add("GetFeature");
			this.onCall.run();
			try {
				while (!this.release.await(1, TimeUnit.MILLISECONDS)) {
					if (!this.ignoreCancellation && ((ServerCallStreamObserver<Feature>) responses).isCancelled()) {
						return;
					}
				}
				responses.onNext(Feature.newBuilder().setName("late").build());
				responses.onCompleted();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			catch (RuntimeException ex) {
				this.errors.add(ex);
			}
			finally {
				this.resourceDestroyedAtEnd.complete(this.resource.destroyed);
			}
		}

		@Override
		public void listFeatures(Rectangle request, StreamObserver<Feature> responses) {
			ServerCallStreamObserver<Feature> call = (ServerCallStreamObserver<Feature>) responses;
			call.setOnCancelHandler(() -> this.resourceDestroyedAtCancel.complete(this.resource.destroyed));
			call.onNext(Feature.newBuilder().setName("first").build());
			this.onList.accept(call);
			this.started.add("ListFeatures");
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			((ServerCallStreamObserver<RouteNote>) responses)
				.setOnCancelHandler(() -> this.resourceDestroyedAtCancel.complete(this.resource.destroyed));
			StreamObserver<RouteNote> requests = this.onChat.apply(responses);
			this.started.add("RouteChat");
			return requests;
		}

	}

}
