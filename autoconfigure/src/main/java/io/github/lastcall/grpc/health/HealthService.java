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

package io.github.lastcall.grpc.health;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.health.v1.HealthCheckRequest;
import io.github.lastcall.grpc.health.v1.HealthCheckResponse;
import io.github.lastcall.grpc.health.v1.HealthGrpc;
import io.github.lastcall.grpc.health.v1.HealthListRequest;
import io.github.lastcall.grpc.health.v1.HealthListResponse;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/**
 * Implementation of {@code grpc.health.v1.Health}, after the
 * <a href="https://github.com/grpc/grpc/blob/master/doc/health-checking.md">health
 * checking protocol</a> and, for List, after gRFC A90. The service runs on the event loop
 * and never blocks.
 *
 * @hidden
 */
public final class HealthService extends HealthGrpc.HealthImplBase {

	/**
	 * Maximum number of statuses that List returns, as gRFC A90 suggests.
	 */
	static final int MAX_LISTED = 100;

	/**
	 * Maximum length of a name in bytes. Longer names are unknown, so that names invented
	 * by clients are not kept while they watch.
	 */
	static final int MAX_NAME = 512;

	private static final Map<ServingStatus, HealthCheckResponse> RESPONSES = new EnumMap<>(ServingStatus.class);
	static {
		for (ServingStatus status : ServingStatus.values()) {
			if (status != ServingStatus.UNRECOGNIZED) {
				RESPONSES.put(status, HealthCheckResponse.newBuilder().setStatusValue(status.getNumber()).build());
			}
		}
	}

	private final ServingStatusTable table;

	private final HealthSettings.NotServingAs notServingAs;

	/**
	 * Creates a new service.
	 * @param table the serving statuses
	 * @param notServingAs how Check reports NOT_SERVING
	 */
	public HealthService(ServingStatusTable table, HealthSettings.NotServingAs notServingAs) {
		this.table = table;
		this.notServingAs = notServingAs;
	}

	@Override
	public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
		ServingStatus status = isTooLong(request) ? null : this.table.get(request.getService());
		if (status == null) {
			observer.onError(Status.NOT_FOUND.withDescription("unknown service").asException());
			return;
		}
		if (status == ServingStatus.NOT_SERVING && this.notServingAs == HealthSettings.NotServingAs.ERROR) {
			observer.onError(Status.UNAVAILABLE.withDescription("NOT_SERVING").asException());
			return;
		}
		observer.onNext(response(status));
		observer.onCompleted();
	}

	@Override
	public void list(HealthListRequest request, StreamObserver<HealthListResponse> observer) {
		Map<String, ServingStatus> all = this.table.all();
		if (all.size() > MAX_LISTED) {
			observer.onError(Status.RESOURCE_EXHAUSTED
				.withDescription("%d names are more than the %d that List returns: use Check or Watch"
					.formatted(all.size(), MAX_LISTED))
				.asException());
			return;
		}
		HealthListResponse.Builder response = HealthListResponse.newBuilder();
		all.forEach((name, status) -> response.putStatuses(name, response(status)));
		observer.onNext(response.build());
		observer.onCompleted();
	}

	@Override
	public void watch(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
		if (isTooLong(request)) {
			observer.onNext(response(ServingStatus.SERVICE_UNKNOWN));
			return;
		}
		new Watcher((ServerCallStreamObserver<HealthCheckResponse>) observer).watch(this.table, request.getService());
	}

	private static boolean isTooLong(HealthCheckRequest request) {
		return request.getServiceBytes().size() > MAX_NAME;
	}

	private static HealthCheckResponse response(ServingStatus status) {
		HealthCheckResponse response = RESPONSES.get(status);
		if (response == null) {
			throw new IllegalArgumentException("No response for " + status);
		}
		return response;
	}

	/**
	 * Sends the newest status whenever the client is ready. Signals arrive on any thread;
	 * the counter ensures that one thread sends at a time and checks again if another
	 * signal arrived meanwhile.
	 */
	private static final class Watcher {

		private final ServerCallStreamObserver<HealthCheckResponse> observer;

		private final AtomicInteger signals = new AtomicInteger();

		private ServingStatusTable.@Nullable Watch watch;

		private @Nullable ServingStatus sent;

		Watcher(ServerCallStreamObserver<HealthCheckResponse> observer) {
			this.observer = observer;
		}

		void watch(ServingStatusTable table, String name) {
			// Counted as one signal, so that nothing is sent before the watch is in
			// place.
			this.signals.incrementAndGet();
			ServingStatusTable.Watch watch = table.watch(name, this::signal);
			this.watch = watch;
			this.observer.setOnReadyHandler(this::signal);
			this.observer.setOnCancelHandler(watch::close);
			this.observer.setOnCloseHandler(watch::close);
			send(watch);
		}

		private void signal() {
			ServingStatusTable.Watch watch = this.watch;
			if (this.signals.getAndIncrement() == 0 && watch != null) {
				send(watch);
			}
		}

		private void send(ServingStatusTable.Watch watch) {
			int seen = this.signals.get();
			do {
				try {
					sendIfNews(watch);
				}
				catch (RuntimeException | Error ex) {
					// The call is broken. The other watchers must still be notified.
					watch.close();
				}
				seen = this.signals.addAndGet(-seen);
			}
			while (seen != 0);
		}

		private void sendIfNews(ServingStatusTable.Watch watch) {
			if (this.observer.isCancelled() || !this.observer.isReady()) {
				return;
			}
			ServingStatus status = watch.status();
			if (status != this.sent) {
				this.sent = status;
				this.observer.onNext(response(status));
			}
		}

	}

}
