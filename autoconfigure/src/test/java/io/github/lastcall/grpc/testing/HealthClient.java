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

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.health.v1.HealthCheckRequest;
import io.github.lastcall.grpc.health.v1.HealthGrpc;
import io.github.lastcall.grpc.health.v1.HealthListRequest;
import io.github.lastcall.grpc.health.v1.HealthListResponse;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;

/**
 * What a client reads of the Health service, in words.
 *
 * @param channel the connection
 */
public record HealthClient(ManagedChannel channel) {

	/**
	 * Check a name.
	 * @param name the name
	 * @return the serving status, or the code of the call if that is not OK
	 */
	public String check(String name) {
		try {
			return stub().check(request(name)).getStatus().name();
		}
		catch (StatusRuntimeException ex) {
			return ex.getStatus().getCode().name();
		}
	}

	/**
	 * Watch a name for one message.
	 * @param name the name
	 * @return the first status, or the code of the call if that ended before
	 */
	public String firstOfWatch(String name) {
		try (Context.CancellableContext context = Context.current().withCancellation()) {
			return context.call(() -> stub().watch(request(name)).next().getStatus().name());
		}
		catch (StatusRuntimeException ex) {
			return ex.getStatus().getCode().name();
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Watch a name.
	 * @param name the name
	 * @return what is seen from now on
	 */
	public HealthWatch watch(String name) {
		HealthWatch watch = new HealthWatch();
		HealthGrpc.newStub(this.channel).watch(request(name), watch);
		return watch;
	}

	/**
	 * List all names.
	 * @return serving statuses by name
	 */
	public Map<String, String> list() {
		HealthListResponse response = stub().list(HealthListRequest.getDefaultInstance());
		Map<String, String> statuses = new TreeMap<>();
		response.getStatusesMap().forEach((name, status) -> statuses.put(name, status.getStatus().name()));
		return statuses;
	}

	private HealthGrpc.HealthBlockingStub stub() {
		return HealthGrpc.newBlockingStub(this.channel).withDeadlineAfter(30, TimeUnit.SECONDS);
	}

	private static HealthCheckRequest request(String name) {
		return HealthCheckRequest.newBuilder().setService(name).build();
	}

}
