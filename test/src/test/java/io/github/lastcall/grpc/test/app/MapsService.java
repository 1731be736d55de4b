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

package io.github.lastcall.grpc.test.app;

import io.github.lastcall.grpc.call.DrainSignal;
import io.github.lastcall.grpc.error.GrpcError;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;

/**
 * The service of the application.
 */
@GrpcService
public class MapsService extends RouteGuideGrpc.RouteGuideImplBase {

	private final Maps maps;

	MapsService(Maps maps) {
		this.maps = maps;
	}

	@Override
	public void getFeature(Point point, StreamObserver<Feature> features) {
		Feature feature = this.maps.find(point);
		if (feature.getName().isEmpty()) {
			throw new NotOnTheMapException(point);
		}
		features.onNext(feature);
		features.onCompleted();
	}

	/**
	 * Sends both corners, then fails.
	 */
	@Override
	public void listFeatures(Rectangle rectangle, StreamObserver<Feature> features) {
		features.onNext(this.maps.find(rectangle.getLo()));
		features.onNext(this.maps.find(rectangle.getHi()));
		throw GrpcError.of(Status.Code.DATA_LOSS).description("The map ends here").asException();
	}

	/**
	 * Repeats each note with the user of the call, and ends when the server drains.
	 */
	@Override
	public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> notes) {
		DrainSignal.current().onDrain(() -> {
			notes.onNext(RouteNote.newBuilder().setMessage("Goodbye").build());
			notes.onCompleted();
		});
		return new StreamObserver<>() {

			@Override
			public void onNext(RouteNote note) {
				notes.onNext(note.toBuilder().setMessage(note.getMessage() + Users.suffix()).build());
			}

			@Override
			public void onError(Throwable failure) {
				// The client has gone.
			}

			@Override
			public void onCompleted() {
				notes.onCompleted();
			}

		};
	}

	/**
	 * Thrown for a point where nothing is.
	 */
	static class NotOnTheMapException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		NotOnTheMapException(Point point) {
			super("Nothing at " + point.getLatitude() + ", " + point.getLongitude());
		}

	}

}
