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

import java.util.Collections;
import java.util.Iterator;

import io.github.lastcall.grpc.call.DrainSignal;
import io.github.lastcall.sample.routeguide.Feature;
import io.grpc.stub.ServerCallStreamObserver;
import org.jspecify.annotations.Nullable;

/**
 * Sends the features of an area as fast as the client reads them, and no faster. gRPC
 * calls it when there is room for more; it sends until there is none, or nothing left to
 * send.
 * <p>
 * Features come from the database a page at a time. Between two pages it holds neither a
 * connection nor a transaction, so a client that reads slowly, or not at all, costs one
 * page of memory. On a cancelled call there is never room again, and so it ends.
 * <p>
 * A server that drains does not wait for a slow client: it hands all that is left to
 * gRPC, which is little enough here, and the client loses nothing.
 */
final class FeatureSender implements Runnable {

	private static final int PAGE_SIZE = 100;

	private final FeatureRepository features;

	private final Area area;

	private final ServerCallStreamObserver<Feature> responses;

	private final DrainSignal drain = DrainSignal.current();

	private Iterator<Feature> page = Collections.emptyIterator();

	private @Nullable Location last;

	private boolean ended;

	FeatureSender(FeatureRepository features, Area area, ServerCallStreamObserver<Feature> responses) {
		this.features = features;
		this.area = area;
		this.responses = responses;
	}

	/**
	 * Take over from gRPC. This is possible only before the service's method returns.
	 */
	void start() {
		this.responses.setOnReadyHandler(this);
		this.drain.onDrain(this);
	}

	@Override
	public void run() {
		while (!this.ended && (this.responses.isReady() || this.drain.isDraining()) && !this.responses.isCancelled()) {
			if (!this.page.hasNext()) {
				this.page = this.features.findWithin(this.area, this.last, PAGE_SIZE).iterator();
			}
			if (!this.page.hasNext()) {
				this.ended = true;
				this.responses.onCompleted();
				return;
			}
			Feature feature = this.page.next();
			this.last = Location.of(feature.getLocation());
			this.responses.onNext(feature);
		}
	}

}
