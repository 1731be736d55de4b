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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.github.lastcall.grpc.testing.RogueClient;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelException;
import io.grpc.netty.shaded.io.netty.channel.DefaultEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.embedded.EmbeddedChannel;
import io.grpc.netty.shaded.io.netty.channel.local.LocalServerChannel;
import io.grpc.netty.shaded.io.netty.channel.socket.DefaultSocketChannelConfig;
import io.grpc.netty.shaded.io.netty.channel.socket.SocketChannelConfig;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is left of connections that are refused.
 */
class NettyConnectionGateTests {

	private final Refusals refusals = new Refusals("gate", new ManualServerTimer());

	private final NettyGuardedTransport transport = new NettyGuardedTransport("gate", 1,
			new ConnectionLimits(1, Duration.ofSeconds(10), 0, new InboundMemory(Long.MAX_VALUE)), this.refusals);

	private Server server;

	private RogueClient only;

	NettyConnectionGateTests() throws IOException {
		NettyServerBuilder builder = NettyServerBuilder.forPort(0);
		this.transport.applyTo(builder);
		this.server = builder.build().start();
		this.only = RogueClient.connect(this.server.getPort());
	}

	@BeforeEach
	void settle() throws IOException {
		this.only.preface().settle();
	}

	@AfterEach
	void close() {
		this.only.close();
		this.server.shutdownNow();
		this.transport.destroy();
	}

	@Test
	void aRefusedConnectionIsClosedAlsoIfItsOptionsCannotBeSet() throws Exception {
		NettyConnectionGate gate = new NettyConnectionGate(
				new ConnectionLimits(1, Duration.ofSeconds(10), 0, new InboundMemory(Long.MAX_VALUE)), this.refusals);
		EmbeddedChannel first = new EmbeddedChannel();
		AtomicBoolean unused = new AtomicBoolean();
		try (java.nio.channels.SocketChannel socket = java.nio.channels.SocketChannel.open()) {
			EventLoopGroup eventLoops = new DefaultEventLoopGroup(1);
			LocalServerChannel listener = new LocalServerChannel();
			gate.guard(listener);
			eventLoops.register(listener).sync();
			for (Channel connection : List.of(first, new ResetByItsClient(socket))) {
				listener.pipeline().fireChannelRead(connection);
			}
			listener.close().sync();
			eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
			assertThat(socket.isOpen()).isFalse();
		}
		gate.whenUnused(() -> unused.set(true));
		assertThat(unused).isFalse();
		first.close();
		assertThat(unused).isTrue();
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void refusedConnectionsLeaveNothingBehind() throws IOException {
		for (int i = 0; i < 100; i++) {
			assertThat(RogueClient.isRefused(this.server.getPort())).isTrue();
		}
		assertThat(this.refusals.getCount(RefusalReason.CONNECTIONS)).isEqualTo(100);
		String port = ":%04X".formatted(this.server.getPort());
		for (String table : new String[] { "/proc/net/tcp", "/proc/net/tcp6" }) {
			// The local address, the peer's and the state; 06 is TIME_WAIT.
			assertThat(Files.readAllLines(Path.of(table)).stream().map((line) -> line.trim().split(" +")))
				.noneMatch((columns) -> columns[1].endsWith(port) && columns[3].equals("06"));
		}
	}

	/**
	 * Some systems set no option of a socket that its peer has reset.
	 */
	private static final class ResetByItsClient extends NioSocketChannel {

		ResetByItsClient(java.nio.channels.SocketChannel socket) {
			super(socket);
		}

		@Override
		public SocketChannelConfig config() {
			return new DefaultSocketChannelConfig(this, javaChannel().socket()) {

				@Override
				public SocketChannelConfig setSoLinger(int seconds) {
					throw new ChannelException("Invalid argument");
				}

			};
		}

	}

}
