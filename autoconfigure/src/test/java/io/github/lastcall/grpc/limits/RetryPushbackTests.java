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

package io.github.lastcall.grpc.limits;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import com.google.common.util.concurrent.ListenableFuture;
import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.Held;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.sample.routeguide.Feature;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCalls;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * How often grpc-java's client sends a refused call if it has a retry policy.
 */
@Timeout(60)
class RetryPushbackTests {

	private static final Metadata.Key<String> PUSHBACK = Metadata.Key.of("grpc-retry-pushback-ms",
			Metadata.ASCII_STRING_MARSHALLER);

	/**
	 * A pushback makes a client retry a status that its policy does not name, and its
	 * throttle does not count.
	 */
	@ParameterizedTest
	@CsvSource({ "UNAVAILABLE,false,1ms,5", "UNAVAILABLE,true,1ms,5", "UNAVAILABLE,false,0,1",
			"RESOURCE_EXHAUSTED,false,0,5", "RESOURCE_EXHAUSTED,true,0,1" })
	void aCallRefusedByAFullQueueIsSentAgainAsThePolicyAndTheTrailerSay(String retryable, boolean throttling,
			String pushback, int attempts) {
		GrpcServerContextRunner.create()
			.withUserConfiguration(Held.class)
			.withPropertyValues("grpc.server.executor.threads=1", "grpc.server.executor.queue-capacity=1",
					"grpc.server.limits.retry-pushback=" + pushback)
			.run((context) -> {
				Held held = context.getBean(Held.class);
				try (GrpcClient client = GrpcClient.of(context);
						GrpcClient retrying = retrying(GrpcClient.port(context), retryable, throttling)) {
					ListenableFuture<Feature> running = Held.call(client);
					held.entered.acquire();
					ListenableFuture<Feature> waiting = Held.call(client);
					await().until(() -> ServersOf.calls(context).count() == 2);
					assertThat(failure(retrying, Held.SERVICE).getStatus().getDescription())
						.isEqualTo("The executor queue of the server is full");
					assertThat(ServersOf.refusals(context, "network").getCount(RefusalReason.EXECUTOR))
						.isEqualTo(attempts);
					held.release.countDown();
					running.get();
					waiting.get();
				}
				finally {
					held.release.countDown();
				}
			});
	}

	@ParameterizedTest
	@CsvSource({ "UNAVAILABLE,false", "RESOURCE_EXHAUSTED,false", "RESOURCE_EXHAUSTED,true" })
	void aClientThatIsAskedNotToRetryDoesNot(String retryable, boolean throttling) {
		GrpcServerContextRunner.create().withUserConfiguration(Refusing.class).run((context) -> {
			try (GrpcClient client = retrying(GrpcClient.port(context), retryable, throttling)) {
				failure(client, Refusing.SERVICE);
				assertThat(context.getBean(Refusing.class).attempts).hasValue(1);
			}
		});
	}

	@RepeatedTest(20)
	void theDelayIsJitteredAndCapped() {
		RetryPushback pushback = new RetryPushback(Duration.ofMillis(120));
		assertThat(millis(pushback.trailers(Duration.ofMillis(100)))).isBetween(50, 100);
		assertThat(millis(pushback.trailers(Duration.ofSeconds(10)))).isBetween(60, 120);
		assertThat(millis(pushback.trailers(Duration.ZERO))).isBetween(60, 120);
	}

	@Test
	void clientsAreToldDifferentDelays() {
		RetryPushback pushback = new RetryPushback(Duration.ofSeconds(10));
		assertThat(IntStream.range(0, 100).map((i) -> millis(pushback.trailers(Duration.ofSeconds(20)))).distinct())
			.hasSizeGreaterThan(50);
	}

	@Test
	void withoutADelayThereIsNoTrailer() {
		assertThat(new RetryPushback(Duration.ZERO).trailers(Duration.ofNanos(-1)).keys()).isEmpty();
	}

	private static int millis(Metadata trailers) {
		return Integer.parseInt(String.valueOf(trailers.get(PUSHBACK)));
	}

	private static StatusRuntimeException failure(GrpcClient client, String service) {
		StatusRuntimeException[] failure = new StatusRuntimeException[1];
		assertThatExceptionOfType(StatusRuntimeException.class)
			.isThrownBy(() -> OneMethodService.call(client.channel(), service))
			.satisfies((ex) -> {
				assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
				failure[0] = ex;
			});
		return failure[0];
	}

	private static GrpcClient retrying(int port, String retryable, boolean throttling) {
		Map<String, Object> config = new HashMap<>();
		config.put("methodConfig",
				List.of(Map.of("name", List.of(Map.of()), "retryPolicy",
						Map.of("maxAttempts", 5.0, "initialBackoff", "0.001s", "maxBackoff", "0.001s",
								"backoffMultiplier", 1.0, "retryableStatusCodes", List.of(retryable)))));
		if (throttling) {
			config.put("retryThrottling", Map.of("maxTokens", 2.0, "tokenRatio", 0.1));
		}
		return GrpcClient.of(port, (builder) -> builder.enableRetry().defaultServiceConfig(config));
	}

	@Configuration(proxyBeanMethods = false)
	static class Refusing {

		static final String SERVICE = "a.Refusing";

		final AtomicInteger attempts = new AtomicInteger();

		@Bean
		@GrpcService
		BindableService refusingService() {
			return () -> ServerServiceDefinition.builder(SERVICE)
				.addMethod(OneMethodService.method(SERVICE), ServerCalls.asyncUnaryCall((point, observer) -> {
					this.attempts.incrementAndGet();
					observer.onError(Status.RESOURCE_EXHAUSTED
						.asRuntimeException(new RetryPushback(Duration.ofSeconds(1)).trailers(Duration.ofNanos(-1))));
				}))
				.build();
		}

	}

}
