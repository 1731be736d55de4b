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

package io.github.lastcall.grpc.test;

import java.time.Duration;

import io.grpc.Channel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.Assert;

/**
 * Waits for the serving statuses of a server, by {@code Health/Watch}. There is a bean of
 * this type for the server of the test.
 */
public final class GrpcHealthTester implements AopInfrastructureBean {

	private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

	private final Channel channel;

	private final Duration timeout;

	/**
	 * Creates a new tester that waits for up to 30 seconds.
	 * @param channel a channel to the server
	 */
	public GrpcHealthTester(Channel channel) {
		this(channel, DEFAULT_TIMEOUT);
	}

	private GrpcHealthTester(Channel channel, Duration timeout) {
		Assert.notNull(channel, "'channel' must not be null");
		Assert.notNull(timeout, "'timeout' must not be null");
		this.channel = channel;
		this.timeout = timeout;
	}

	/**
	 * Returns a tester that waits for another time.
	 * @param timeout the maximum time to wait
	 * @return the tester
	 */
	public GrpcHealthTester within(Duration timeout) {
		return new GrpcHealthTester(this.channel, timeout);
	}

	/**
	 * Waits until the server as a whole is SERVING.
	 */
	public void awaitServing() {
		awaitStatus("", ServingStatus.SERVING);
	}

	/**
	 * Waits until a service is SERVING.
	 * @param service the fully qualified name of the service
	 */
	public void awaitServing(String service) {
		awaitStatus(service, ServingStatus.SERVING);
	}

	/**
	 * Waits for a status. The error shows the statuses that came instead.
	 * @param service the fully qualified name of a service or the name of a health group,
	 * empty for the server as a whole
	 * @param expected the status to wait for
	 */
	public void awaitStatus(String service, ServingStatus expected) {
		StreamRecorder<HealthCheckResponse> statuses = StreamRecorder.<HealthCheckResponse>create()
			.within(this.timeout);
		HealthGrpc.newStub(this.channel).watch(HealthCheckRequest.newBuilder().setService(service).build(), statuses);
		try {
			while (statuses.next().getStatus() != expected) {
				// Wait for the next one.
			}
		}
		catch (AssertionError ex) {
			throw new AssertionError(
					"Expected %s to become %s".formatted(service.isEmpty() ? "the server" : service, expected), ex);
		}
		finally {
			statuses.cancel();
		}
	}

}
