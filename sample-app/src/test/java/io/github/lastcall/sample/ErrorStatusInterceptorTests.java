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

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteSummary;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import org.junit.jupiter.api.Test;

import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.QueryTimeoutException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class ErrorStatusInterceptorTests {

	private final List<Status> statuses = new ArrayList<>();

	private final List<Point> handled = new ArrayList<>();

	@Test
	void aDatabaseThatCannotBeReachedOrIsTooSlowIsUnavailableAndKeepsItsSecrets() {
		call(new DataAccessResourceFailureException("jdbc:secret")).onHalfClose();
		call(new QueryTimeoutException("SELECT secret")).onReady();
		assertThat(this.statuses).hasSize(2).allSatisfy((status) -> {
			assertThat(status.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(status.getDescription()).doesNotContain("secret");
		});
	}

	@Test
	void whatArrivesAfterTheFailureIsNotHandled() {
		ServerCall.Listener<Point> call = call(new QueryTimeoutException("Wrong"));
		call.onMessage(Point.getDefaultInstance());
		call.onMessage(Point.getDefaultInstance());
		call.onHalfClose();
		call.onReady();
		assertThat(this.handled).hasSize(1);
		assertThat(this.statuses).hasSize(1);
	}

	@Test
	void aBugIsLeftToGrpc() {
		ServerCall.Listener<Point> call = call(new IllegalStateException("Bug"));
		assertThatIllegalStateException().isThrownBy(() -> call.onMessage(Point.getDefaultInstance()));
		assertThat(this.statuses).isEmpty();
	}

	private ServerCall.Listener<Point> call(RuntimeException failure) {
		return new ErrorStatusInterceptor().interceptCall(new RecordingCall(this.statuses::add), new Metadata(),
				(call, headers) -> new ServerCall.Listener<>() {

					@Override
					public void onMessage(Point message) {
						ErrorStatusInterceptorTests.this.handled.add(message);
						throw failure;
					}

					@Override
					public void onHalfClose() {
						throw failure;
					}

					@Override
					public void onReady() {
						throw failure;
					}

				});
	}

	private static final class RecordingCall extends ServerCall<Point, RouteSummary> {

		private final Consumer<Status> closed;

		RecordingCall(Consumer<Status> closed) {
			this.closed = closed;
		}

		@Override
		public void request(int messages) {
		}

		@Override
		public void sendHeaders(Metadata headers) {
		}

		@Override
		public void sendMessage(RouteSummary message) {
		}

		@Override
		public void close(Status status, Metadata trailers) {
			this.closed.accept(status);
		}

		@Override
		public boolean isCancelled() {
			return false;
		}

		@Override
		public MethodDescriptor<Point, RouteSummary> getMethodDescriptor() {
			return RouteGuideGrpc.getRecordRouteMethod();
		}

	}

}
