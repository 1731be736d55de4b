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

package io.github.lastcall.strangers.interop;

import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.server.LocalGrpcPort;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.testing.integration.TestCases;
import io.grpc.testing.integration.TestServiceClient;
import io.grpc.testing.integration.TestServiceImpl;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Bean;

import static org.assertj.core.api.Assertions.assertThatCode;

/**
 * Every case of gRPC's interop client that passes with grpc-java's own server passes with
 * ours. Those of credentials need Google's cloud, and the one of compressed streams waits
 * 15 seconds before it fails with grpc-java's.
 */
@SpringBootTest(properties = { "grpc.server.port=0", "grpc.server.limits.inbound-message-size=16MB" })
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class InteropTests {

	private static final int MAX_MESSAGE_SIZE = 16 * 1024 * 1024;

	private static Server plain;

	@LocalGrpcPort
	int port;

	@BeforeAll
	static void startGrpcJava() throws IOException {
		plain = NettyServerBuilder.forPort(0)
			.maxInboundMessageSize(MAX_MESSAGE_SIZE)
			.addService(service(executor()))
			.build()
			.start();
	}

	@AfterAll
	static void stopGrpcJava() {
		plain.shutdownNow();
	}

	private static ServerServiceDefinition service(ScheduledExecutorService executor) {
		return ServerInterceptors.intercept(new TestServiceImpl(executor), TestServiceImpl.interceptors());
	}

	private static ScheduledExecutorService executor() {
		return Executors.newSingleThreadScheduledExecutor((task) -> {
			Thread thread = new Thread(task, "interop");
			thread.setDaemon(true);
			return thread;
		});
	}

	@ParameterizedTest
	@EnumSource(mode = Mode.MATCH_NONE, names = { ".*(CRED|TOKEN).*", "CLIENT_COMPRESSED_STREAMING" })
	void whatPassesWithGrpcJavaPasses(TestCases testCase) {
		try {
			call(plain.getPort(), testCase);
		}
		catch (Throwable ex) {
			Assumptions.abort("fails with grpc-java's own server, too: " + ex);
		}
		assertThatCode(() -> call(this.port, testCase)).doesNotThrowAnyException();
	}

	private static void call(int port, TestCases testCase) throws Exception {
		TestServiceClient.main(new String[] { "--server_host=localhost", "--server_port=" + port, "--use_tls=false",
				"--test_case=" + testCase.name().toLowerCase(Locale.ROOT) });
	}

	@SpringBootApplication
	static class Application {

		@Bean(destroyMethod = "shutdownNow")
		ScheduledExecutorService executor() {
			return InteropTests.executor();
		}

		@Bean
		@GrpcService
		BindableService testService(ScheduledExecutorService executor) {
			return () -> service(executor);
		}

	}

}
