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

package io.github.lastcall.grpc.call;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import com.google.common.util.concurrent.ListenableFuture;
import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HeldThreads;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.grpc.CallOptions;
import io.grpc.ServerBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.util.MutableHandlerRegistry;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Calls of services that a customizer adds are calls like all others.
 */
class CustomizedServicesTests {

	@Timeout(60)
	@ParameterizedTest
	@CsvSource({ "a.Added,platform", "a.Fallback,platform", "a.Added,direct", "a.Fallback,direct" })
	void aCallOfAServiceThatACustomizerAddsIsDrainedLimitedAndMeasured(String service, String executor) {
		GrpcServerContextRunner.create()
			.withUserConfiguration(CustomizerConfiguration.class)
			.withPropertyValues("grpc.server.executor.type=" + executor, "grpc.server.limits.concurrent-calls=1")
			.run((context) -> {
				GrpcServerDrain drain = context.getBean(GrpcServerDrain.class);
				ManualServerTimer timer = (ManualServerTimer) context.getBean(ServerTimer.class);
				Answer answer = context.getBean(Answer.class);
				try (GrpcClient client = GrpcClient.of(context); GrpcClient other = GrpcClient.of(context)) {
					ListenableFuture<Feature> call = ClientCalls.futureUnaryCall(
							client.channel().newCall(OneMethodService.method(service), CallOptions.DEFAULT),
							Point.getDefaultInstance());
					answer.entered.acquire();
					assertThat(drain.getCalls().count()).isOne();
					assertThat(drain.getCalls().byMethod()).containsOnlyKeys(service + "/Call");
					assertThatExceptionOfType(StatusRuntimeException.class)
						.isThrownBy(() -> OneMethodService.call(other.channel(), service))
						.satisfies(
								(ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
					CompletableFuture<Void> closed = CompletableFuture
						.runAsync(context.getSourceApplicationContext()::close, (task) -> new Thread(task).start());
					await().until(() -> drain.getStatus().state() == GrpcServerState.DRAINING && timer.pending() > 0);
					timer.advance(Duration.ofSeconds(10));
					assertThat(call).isNotDone();
					answer.release.countDown();
					assertThat(call.get().getName()).isEqualTo("answer");
					assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
				}
				assertThat(answer.meters.get("grpc.server")
					.tags("rpc.service", service, "grpc.status_code", "OK")
					.timer()
					.count()).isOne();
			});
	}

	static final class Answer extends HeldThreads {

		final MeterRegistry meters = new SimpleMeterRegistry();

		String get() {
			hold();
			return "answer";
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class CustomizerConfiguration {

		@Bean
		@GrpcService
		OneMethodService service() {
			return new OneMethodService("a.Service");
		}

		@Bean
		Answer answer() {
			return new Answer();
		}

		@Bean
		CallRecorder.Factory recorders(Answer answer) {
			return new io.github.lastcall.grpc.metrics.GrpcCallMeters(answer.meters);
		}

		@Bean
		ManualServerTimer timer() {
			return new ManualServerTimer();
		}

		@Bean
		GrpcServerBuilderCustomizer<ServerBuilder<?>> customizer(Answer answer) {
			return (builder) -> {
				MutableHandlerRegistry fallback = new MutableHandlerRegistry();
				fallback.addService(new OneMethodService("a.Fallback", answer::get));
				builder.addService(new OneMethodService("a.Added", answer::get)).fallbackHandlerRegistry(fallback);
			};
		}

	}

}
