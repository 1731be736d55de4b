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

import java.util.concurrent.atomic.AtomicBoolean;

import io.github.lastcall.grpc.test.RollingRestartReport.Client;
import io.github.lastcall.grpc.test.RollingRestartReport.FailedCall;
import io.github.lastcall.grpc.test.app.Maps;
import io.github.lastcall.grpc.test.app.MapsApplication;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.Status;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;
import org.springframework.context.annotation.Profile;
import org.springframework.context.event.ApplicationEventMulticaster;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * A rolling restart counts what clients lose: nothing with the defaults, and something
 * where something is wrong.
 */
@Isolated
class RollingRestartTests {

	@Test
	void anApplicationThatAnnouncesItsEndLosesNoCall() {
		RollingRestartReport report = roll(2, 50).restartEach().assertNoFailedCall();
		assertThat(report.getCalls(Client.CALL_BALANCING)).isGreaterThan(50);
		assertThat(report.getCalls(Client.CONNECTION_BALANCING)).isGreaterThan(50);
		assertThat(report.getSlowestCall()).isPositive();
		assertThat(report).asString().contains("2 replicas restarted under 50 calls/s", "0 failed", "slowest call");
	}

	@Test
	@Tag("full")
	void anApplicationWithoutAPropagationDelayLosesCalls() {
		RollingRestartReport report = roll(2, 50).properties("grpc.server.shutdown.propagation-delay=0").restartEach();
		assertThat(report.getFailedCalls()).extracting(FailedCall::client).contains(Client.CONNECTION_BALANCING);
		assertThatExceptionOfType(AssertionError.class).isThrownBy(report::assertNoFailedCall)
			.withMessageContainingAll("Expected no failed call, but", "x UNAVAILABLE");
	}

	@Test
	@Tag("full")
	void threeReplicasLoseNoCall() {
		roll(3, 200).restartEach().assertNoFailedCall();
	}

	@Test
	@Tag("full")
	void aHandlerThatLosesCallsByItselfIsReported() {
		RollingRestartReport report = roll(2, 200).sources(LosesCalls.class)
			.profiles("losing")
			.serviceConnections(this)
			.restartEach();
		assertThat(report.getFailedCalls()).hasSizeGreaterThan(5)
			.extracting(FailedCall::status)
			.contains(Status.Code.ABORTED);
		assertThatExceptionOfType(AssertionError.class).isThrownBy(report::assertNoFailedCall)
			.withMessageContainingAll("x ABORTED", "lost by itself");
	}

	private static RollingRestart roll(int replicas, int callsPerSecond) {
		return RollingRestart.of(MapsApplication.class)
			.replicas(replicas)
			.properties("grpc.server.shutdown.quiet-period=0")
			.under((channel) -> RouteGuideGrpc.newBlockingStub(channel).getFeature(Points.OSLO), callsPerSecond);
	}

	@DynamicPropertySource
	static void properties(DynamicPropertyRegistry registry) {
		registry.add("reason", () -> "lost by itself");
	}

	@TestConfiguration
	@Profile("losing")
	static class LosesCalls {

		/**
		 * A collaborator of the handler that ends as soon as its replica is told to,
		 * although the server still serves.
		 */
		@Bean
		@Primary
		Maps mapsThatEndAtOnce(ApplicationEventMulticaster events, @Value("${reason}") String reason) {
			AtomicBoolean ended = new AtomicBoolean();
			events.addApplicationListener((ApplicationListener<ContextClosedEvent>) (event) -> ended.set(true));
			return new Maps() {

				@Override
				public Feature find(Point point) {
					if (ended.get()) {
						throw Status.ABORTED.withDescription(reason).asRuntimeException();
					}
					return super.find(point);
				}

			};
		}

	}

}
