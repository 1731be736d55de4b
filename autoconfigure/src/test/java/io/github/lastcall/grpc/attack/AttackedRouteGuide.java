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

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

import com.google.protobuf.ByteString;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc.RouteGuideImplBase;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.github.lastcall.sample.routeguide.RouteSummary;
import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

/**
 * Route guide of an {@link AttackedApplication}. The latitude of a request selects what
 * its handler does.
 */
final class AttackedRouteGuide extends RouteGuideImplBase {

	/**
	 * Sends a stream without checking whether the client reads it.
	 */
	static final int NEVER_ASKS = 7;

	/**
	 * Keeps the request until the call is cancelled.
	 */
	static final int HOLD = 77;

	/**
	 * Answers with a message of 3.9 MB.
	 */
	static final int LARGE = 88;

	/**
	 * Occupies its thread for 100 ms.
	 */
	static final int BUSY = 99;

	/**
	 * Occupies its thread until the call is cancelled.
	 */
	static final int HANG = 111;

	private static final Duration WORK = Duration.ofMillis(100);

	private static final int STREAM = 4096;

	private static final int LONG_STREAM = 10_000;

	private final Feature piece = featureOf(64 * 1024);

	private final Feature large = featureOf(3_900_000);

	private static Feature featureOf(int bytes) {
		return Feature.newBuilder().setNameBytes(ByteString.copyFrom(new byte[bytes])).build();
	}

	@Override
	public void getFeature(Point request, StreamObserver<Feature> responses) {
		if (request.getLatitude() == HOLD) {
			((ServerCallStreamObserver<Feature>) responses).setOnCancelHandler(request::getLatitude);
			return;
		}
		if (request.getLatitude() == BUSY) {
			LockSupport.parkNanos(WORK.toNanos());
		}
		responses
			.onNext((request.getLatitude() == LARGE) ? this.large : Feature.newBuilder().setName("served").build());
		responses.onCompleted();
	}

	@Override
	public void listFeatures(Rectangle request, StreamObserver<Feature> responses) {
		if (request.getLo().getLatitude() == NEVER_ASKS) {
			for (int i = 0; i < LONG_STREAM; i++) {
				responses.onNext(this.piece);
			}
			responses.onCompleted();
			return;
		}
		if (request.getLo().getLatitude() == HANG) {
			hang();
			return;
		}
		ServerCallStreamObserver<Feature> call = (ServerCallStreamObserver<Feature>) responses;
		int[] sent = { 0 };
		call.setOnReadyHandler(() -> {
			while (call.isReady() && sent[0]++ < STREAM) {
				call.onNext(this.piece);
			}
			if (sent[0] == STREAM) {
				call.onCompleted();
			}
		});
	}

	private static void hang() {
		CountDownLatch cancelled = new CountDownLatch(1);
		Context.current().addListener((context) -> cancelled.countDown(), Runnable::run);
		try {
			cancelled.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@Override
	public StreamObserver<Point> recordRoute(StreamObserver<RouteSummary> responses) {
		return new Listener<>(responses, RouteSummary.getDefaultInstance());
	}

	@Override
	public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
		return new Listener<>(responses, RouteNote.getDefaultInstance());
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
