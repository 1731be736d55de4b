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

package io.github.lastcall.sample;

import java.util.function.LongSupplier;

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.github.lastcall.sample.routeguide.RouteSummary;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

import org.springframework.beans.factory.annotation.Autowired;

/**
 * The route guide: one method of each kind that gRPC has.
 */
@GrpcService
final class RouteGuideService extends RouteGuideGrpc.RouteGuideImplBase {

	private final FeatureRepository features;

	private final RouteNotes notes;

	private final LongSupplier nanoTime;

	@Autowired
	RouteGuideService(FeatureRepository features, RouteNotes notes) {
		this(features, notes, System::nanoTime);
	}

	RouteGuideService(FeatureRepository features, RouteNotes notes, LongSupplier nanoTime) {
		this.features = features;
		this.notes = notes;
		this.nanoTime = nanoTime;
	}

	@Override
	public void getFeature(Point request, StreamObserver<Feature> responses) {
		Location location = Location.of(request);
		Feature unnamed = Feature.newBuilder().setLocation(location.toPoint()).build();
		responses.onNext(this.features.findAt(location).orElse(unnamed));
		responses.onCompleted();
	}

	@Override
	public void listFeatures(Rectangle request, StreamObserver<Feature> responses) {
		ServerCallStreamObserver<Feature> call = (ServerCallStreamObserver<Feature>) responses;
		new FeatureSender(this.features, Area.of(request), call).start();
	}

	@Override
	public StreamObserver<Point> recordRoute(StreamObserver<RouteSummary> responses) {
		return new RouteRecorder(this.features, this.nanoTime, responses);
	}

	@Override
	public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
		return new RouteChat(this.notes, (ServerCallStreamObserver<RouteNote>) responses).start();
	}

}
