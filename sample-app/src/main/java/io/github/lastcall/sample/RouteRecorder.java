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

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteSummary;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/**
 * Adds up the points of one trip. What no longer fits into the summary's 32 bits is the
 * highest number that does.
 */
final class RouteRecorder implements StreamObserver<Point> {

	private final FeatureRepository features;

	private final LongSupplier nanoTime;

	private final StreamObserver<RouteSummary> response;

	private long points;

	private long knownFeatures;

	private double metres;

	private long startedAt;

	private long arrivedAt;

	private @Nullable Location last;

	RouteRecorder(FeatureRepository features, LongSupplier nanoTime, StreamObserver<RouteSummary> response) {
		this.features = features;
		this.nanoTime = nanoTime;
		this.response = response;
	}

	@Override
	public void onNext(Point point) {
		Location location = Location.of(point);
		this.arrivedAt = this.nanoTime.getAsLong();
		if (this.last == null) {
			this.startedAt = this.arrivedAt;
		}
		else {
			this.metres += GreatCircle.metres(this.last, location);
		}
		this.last = location;
		this.points++;
		if (this.features.findAt(location).isPresent()) {
			this.knownFeatures++;
		}
	}

	@Override
	public void onError(Throwable cause) {
		// The client gave up: nobody is left to answer, and there is nothing to release.
	}

	@Override
	public void onCompleted() {
		this.response.onNext(RouteSummary.newBuilder()
			.setPointCount(saturate(this.points))
			.setFeatureCount(saturate(this.knownFeatures))
			.setDistance(saturate(Math.round(this.metres)))
			.setElapsedTime(saturate(TimeUnit.NANOSECONDS.toSeconds(this.arrivedAt - this.startedAt)))
			.build());
		this.response.onCompleted();
	}

	private static int saturate(long value) {
		return (int) Math.min(value, Integer.MAX_VALUE);
	}

}
