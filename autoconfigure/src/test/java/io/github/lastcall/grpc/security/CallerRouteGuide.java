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

package io.github.lastcall.grpc.security;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

import io.github.lastcall.grpc.call.DrainSignal;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;

/**
 * Answers with the name of its caller, and notes who the caller is in each callback.
 */
@GrpcService
class CallerRouteGuide extends RouteGuideGrpc.RouteGuideImplBase {

	static final Point DENIED = Point.newBuilder().setLatitude(1).build();

	static final Point NOT_AUTHENTICATED = Point.newBuilder().setLatitude(2).build();

	/**
	 * The callers by callback.
	 */
	final Map<String, String> callers = new ConcurrentHashMap<>();

	/**
	 * Runs in the handler of GetFeature.
	 */
	volatile Runnable onFeature = () -> {
	};

	volatile CountDownLatch ended = new CountDownLatch(1);

	static String caller() {
		Authentication caller = SecurityContextHolder.getContext().getAuthentication();
		return (caller != null) ? caller.getName() : "nobody";
	}

	private void note(String callback) {
		this.callers.put(callback, caller());
	}

	@Override
	public void getFeature(Point request, StreamObserver<Feature> responses) {
		if (request.equals(DENIED)) {
			throw new AccessDeniedException("secret reason");
		}
		if (request.equals(NOT_AUTHENTICATED)) {
			throw new BadCredentialsException("secret reason");
		}
		this.onFeature.run();
		responses.onNext(Feature.newBuilder().setName(caller()).build());
		responses.onCompleted();
	}

	@Override
	public void listFeatures(Rectangle request, StreamObserver<Feature> responses) {
		responses.onNext(Feature.newBuilder().setName(caller()).build());
		responses.onCompleted();
	}

	@Override
	public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
		note("start");
		ServerCallStreamObserver<RouteNote> call = (ServerCallStreamObserver<RouteNote>) responses;
		call.setOnReadyHandler(() -> note("ready"));
		call.setOnCancelHandler(() -> note("cancel"));
		call.setOnCloseHandler(() -> {
			note("close");
			this.ended.countDown();
		});
		DrainSignal.current().onDrain(() -> {
			note("drain");
			responses.onCompleted();
		});
		return new StreamObserver<>() {

			@Override
			public void onNext(RouteNote note) {
				note("message");
				responses.onNext(RouteNote.newBuilder().setMessage(caller()).build());
			}

			@Override
			public void onError(Throwable ex) {
				note("error");
				CallerRouteGuide.this.ended.countDown();
			}

			@Override
			public void onCompleted() {
				note("completed");
				responses.onCompleted();
			}

		};
	}

}
