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

import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.Echo;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.RogueClient;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerBuilder;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * A tracer of the application that throws fails its call, and nothing else.
 */
class ForeignTracerTests {

	@Timeout(60)
	@ParameterizedTest
	@CsvSource({ "FILTER,platform", "FILTER,direct", "STARTED,platform", "STARTED,direct" })
	void aTracerThatThrowsLeavesNoCallInFlight(Moment moment, String executor) {
		GrpcServerContextRunner.create()
			.withUserConfiguration(TracerConfiguration.class)
			.withPropertyValues("test.moment=" + moment, "grpc.server.executor.type=" + executor,
					"grpc.server.limits.concurrent-calls=1", "grpc.server.shutdown.grace-period=1h")
			.run((context) -> {
				GrpcServerDrain drain = context.getBean(GrpcServerDrain.class);
				try (GrpcClient client = GrpcClient.of(context)) {
					for (int i = 0; i < 3; i++) {
						assertThatExceptionOfType(StatusRuntimeException.class)
							.isThrownBy(() -> OneMethodService.call(client.channel(), "a.Broken"))
							.satisfies((ex) -> assertThat(ex.getStatus().getCode())
								.isNotEqualTo(Status.Code.RESOURCE_EXHAUSTED));
						assertThat(OneMethodService.call(client.channel(), "a.Service").getName())
							.isEqualTo("a.Service");
						await().until(() -> drain.getCalls().count() == 0);
					}
				}
				// At once, or the test takes too long.
				context.getSourceApplicationContext().close();
				assertThat(drain.getStatus().state()).isEqualTo(GrpcServerState.STOPPED);
			});
	}

	/**
	 * It comes between the stream and the handler, which learns nothing, and between the
	 * connection and its other streams.
	 */
	@Timeout(60)
	@ParameterizedTest
	@CsvSource({ "platform", "direct" })
	void aTracerThatThrowsWhenTheConnectionBreaksLeavesNoCallInFlight(String executor) {
		GrpcServerContextRunner.create()
			.withUserConfiguration(TracerConfiguration.class, ChatConfiguration.class)
			.withPropertyValues("test.moment=" + Moment.CLOSED, "grpc.server.executor.type=" + executor,
					"grpc.server.shutdown.grace-period=1h")
			.withBean("lastCallLostCallbacksTimer", ManualServerTimer.class, ManualServerTimer::new,
					(definition) -> ((AbstractBeanDefinition) definition).setDefaultCandidate(false))
			.run((context) -> {
				GrpcServerDrain drain = context.getBean(GrpcServerDrain.class);
				Chats chats = context.getBean(Chats.class);
				try (RogueClient client = RogueClient.connect(GrpcClient.port(context)).preface()) {
					for (int stream = 1; stream < 10; stream += 2) {
						client.call(stream, "routeguide.RouteGuide/RouteChat");
					}
					client.flush();
					await().until(() -> chats.begun.get() == 5);
					client.abort();
				}
				await().until(() -> {
					context.getBean("lastCallLostCallbacksTimer", ManualServerTimer.class)
						.advance(LostCallbacks.INTERVAL);
					return drain.getCalls().count() == 0;
				});
				assertThat(chats.cancelled).hasValue(5);
				context.getSourceApplicationContext().close();
				assertThat(drain.getStatus().state()).isEqualTo(GrpcServerState.STOPPED);
			});
	}

	enum Moment {

		FILTER, STARTED, CLOSED

	}

	static class Chats extends RouteGuideGrpc.RouteGuideImplBase {

		final AtomicInteger begun = new AtomicInteger();

		final AtomicInteger cancelled = new AtomicInteger();

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			((ServerCallStreamObserver<RouteNote>) responses).setOnCancelHandler(this.cancelled::incrementAndGet);
			this.begun.incrementAndGet();
			return new Echo(responses);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ChatConfiguration {

		@Bean
		@GrpcService
		Chats chats() {
			return new Chats();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class TracerConfiguration {

		@Bean
		@GrpcService
		OneMethodService service() {
			return new OneMethodService("a.Service");
		}

		@Bean
		@GrpcService
		OneMethodService broken() {
			return new OneMethodService("a.Broken");
		}

		@Bean
		GrpcServerBuilderCustomizer<ServerBuilder<?>> tracer(@Value("${test.moment}") Moment moment) {
			return (builder) -> builder.addStreamTracerFactory(new ServerStreamTracer.Factory() {

				@Override
				public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
					return fullMethodName.startsWith("a.Broken/") || moment == Moment.CLOSED
							? new ThrowingTracer(moment) : new ServerStreamTracer() {
							};
				}

			});
		}

	}

	private static final class ThrowingTracer extends ServerStreamTracer {

		private final Moment moment;

		ThrowingTracer(Moment moment) {
			this.moment = moment;
		}

		@Override
		public Context filterContext(Context context) {
			throwAt(Moment.FILTER);
			return context;
		}

		@Override
		public void serverCallStarted(ServerCallInfo<?, ?> callInfo) {
			throwAt(Moment.STARTED);
		}

		@Override
		public void streamClosed(Status status) {
			throwAt(Moment.CLOSED);
		}

		private void throwAt(Moment moment) {
			if (this.moment == moment) {
				throw new IllegalStateException("on purpose");
			}
		}

	}

}
