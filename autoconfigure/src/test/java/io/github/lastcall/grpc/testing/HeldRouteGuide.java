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

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

import org.springframework.beans.factory.DisposableBean;

/**
 * Route guide that holds calls in flight: those for {@link #LATE} until they are released
 * or cancelled, and streams until a test ends them.
 */
@GrpcService
public final class HeldRouteGuide extends TestRouteGuide {

	/**
	 * Place whose feature is sent once the calls are released.
	 */
	public static final Point LATE = Point.newBuilder().setLatitude(-1).build();

	public final BlockingQueue<String> started = new LinkedBlockingQueue<>();

	public final CompletableFuture<Boolean> resourceDestroyedAtCancel = new CompletableFuture<>();

	public final CompletableFuture<Boolean> resourceDestroyedAtEnd = new CompletableFuture<>();

	public final CountDownLatch contextCancelled = new CountDownLatch(1);

	public final ConcurrentLinkedQueue<Throwable> errors = new ConcurrentLinkedQueue<>();

	/**
	 * Whether calls are held until they are released, even if they are cancelled.
	 */
	public volatile boolean ignoreCancellation;

	/**
	 * What a call for {@link #LATE} does before it is held.
	 */
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

	private final CountDownLatch released = new CountDownLatch(1);

	private final Resource resource;

	public HeldRouteGuide(Resource resource) {
		this.resource = resource;
	}

	/**
	 * Answers the calls that are held, and those to come.
	 */
	public void release() {
		this.released.countDown();
	}

	@Override
	public void getFeature(Point request, StreamObserver<Feature> observer) {
		if (!request.equals(LATE)) {
			super.getFeature(request, observer);
			return;
		}
		Context.current().addListener((context) -> this.contextCancelled.countDown(), Runnable::run);
		ServerCallStreamObserver<Feature> call = noteCancellation(observer);
		this.started.add("GetFeature");
		this.onCall.run();
		try {
			// A handler that blocks is told of the end of its call by nothing but this.
			while (!this.released.await(1, TimeUnit.MILLISECONDS)) {
				if (!this.ignoreCancellation && call.isCancelled()) {
					return;
				}
			}
			call.onNext(Feature.newBuilder().setName("late").build());
			call.onCompleted();
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
		ServerCallStreamObserver<Feature> call = noteCancellation(responses);
		call.onNext(Feature.newBuilder().setName("first").build());
		this.onList.accept(call);
		this.started.add("ListFeatures");
	}

	@Override
	public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
		StreamObserver<RouteNote> requests = this.onChat.apply(noteCancellation(responses));
		this.started.add("RouteChat");
		return requests;
	}

	private <T> ServerCallStreamObserver<T> noteCancellation(StreamObserver<T> responses) {
		ServerCallStreamObserver<T> call = (ServerCallStreamObserver<T>) responses;
		call.setOnCancelHandler(() -> this.resourceDestroyedAtCancel.complete(this.resource.destroyed));
		return call;
	}

	/**
	 * Bean that handlers use, such as a connection pool.
	 */
	public static final class Resource implements DisposableBean {

		private volatile boolean destroyed;

		@Override
		public void destroy() {
			this.destroyed = true;
		}

	}

}
