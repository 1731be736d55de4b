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

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.test.app.MapsApplication;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.grpc.client.ClientInterceptorsConfigurer;
import org.springframework.grpc.client.GlobalClientInterceptor;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.grpc.client.InProcessGrpcChannelFactory;

import static io.github.lastcall.grpc.test.GrpcAssertions.assertThatCall;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Clients of Spring gRPC in the application under test, whose targets do not exist.
 */
@SpringBootTest(classes = { MapsApplication.class, SpringGrpcClientTests.Clients.class },
		webEnvironment = WebEnvironment.NONE)
class SpringGrpcClientTests {

	@Test
	void callsToAServiceOfTheApplicationReachTheServerOfTheTest(
			@Autowired RouteGuideGrpc.RouteGuideBlockingStub routeGuide, @Autowired AtomicInteger intercepted) {
		int before = intercepted.get();
		assertThat(routeGuide.getFeature(Points.OSLO).getName()).isEqualTo("Oslo");
		assertThat(intercepted).hasValue(before + 1);
	}

	@Test
	void callsToOthersGoWhereTheApplicationSendsThem(@Autowired HealthGrpc.HealthBlockingStub others) {
		assertThatCall(() -> others.check(HealthCheckRequest.getDefaultInstance())).failsWith(Status.Code.UNAVAILABLE)
			.hasDescriptionContaining("nowhere");
	}

	@TestConfiguration(proxyBeanMethods = false)
	static class Clients {

		@Bean
		ClientInterceptorsConfigurer clientInterceptorsConfigurer(ApplicationContext context) {
			return new ClientInterceptorsConfigurer(context);
		}

		@Bean
		GrpcChannelFactory channelFactory(ClientInterceptorsConfigurer interceptors) {
			return new InProcessGrpcChannelFactory(List.of(), interceptors);
		}

		@Bean
		RouteGuideGrpc.RouteGuideBlockingStub routeGuide(GrpcChannelFactory channels) {
			return RouteGuideGrpc.newBlockingStub(channels.createChannel("in-process:nowhere"));
		}

		@Bean
		HealthGrpc.HealthBlockingStub others(GrpcChannelFactory channels) {
			return HealthGrpc.newBlockingStub(channels.createChannel("in-process:nowhere"));
		}

		@Bean
		AtomicInteger intercepted() {
			return new AtomicInteger();
		}

		@Bean
		@GlobalClientInterceptor
		ClientInterceptor counter(AtomicInteger intercepted) {
			return new ClientInterceptor() {

				@Override
				public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options,
						Channel next) {
					intercepted.incrementAndGet();
					return next.newCall(method, options);
				}

			};
		}

	}

}
