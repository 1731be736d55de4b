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
package io.github.lastcall.grpc.netty;

import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.github.lastcall.grpc.testing.RogueClient;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * When the threads of a transport end: a context may be closed before its server is.
 */
@Timeout(120)
class NettyGuardedTransportTests {

	private final String name = UUID.randomUUID().toString();

	private final NettyGuardedTransport transport = new NettyGuardedTransport(this.name, 1,
			new ConnectionLimits(0, Duration.ofSeconds(10), 0, new InboundMemory(Long.MAX_VALUE)),
			new Refusals(this.name, new ManualServerTimer()));

	private final Server server = start();

	@AfterEach
	void stop() {
		this.transport.destroy();
		this.server.shutdownNow();
	}

	@Test
	void aServerCanBeShutDownAfterItsTransport() throws Exception {
		this.transport.destroy();
		try (RogueClient client = RogueClient.connect(this.server.getPort())) {
			client.preface().settle();
		}
		this.server.shutdown();
		assertThat(this.server.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
		awaitNoThread();
	}

	@Test
	void aServerCanBeShutDownAfterItsTransportAndItsLastConnection() throws Exception {
		RogueClient client = RogueClient.connect(this.server.getPort());
		client.preface().settle();
		this.transport.destroy();
		client.close();
		this.server.shutdown();
		assertThat(this.server.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
		awaitNoThread();
	}

	@Test
	void aTransportEndsAfterItsServer() throws Exception {
		this.server.shutdown();
		assertThat(this.server.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
		assertThat(threads()).isPositive();
		this.transport.destroy();
		awaitNoThread();
	}

	private Server start() {
		NettyServerBuilder builder = NettyServerBuilder.forPort(0);
		this.transport.applyTo(builder);
		try {
			return builder.build().start();
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void awaitNoThread() {
		await().atMost(Duration.ofSeconds(60)).until(() -> threads() == 0);
	}

	private long threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().contains(this.name))
			.count();
	}

}
