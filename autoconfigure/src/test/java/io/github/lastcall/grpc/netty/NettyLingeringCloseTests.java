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
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import io.grpc.netty.shaded.io.netty.bootstrap.ServerBootstrap;
import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelFuture;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.channel.ChannelInitializer;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

/**
 * What a client sees of a connection that the server closes, on a real socket.
 */
@Timeout(60)
class NettyLingeringCloseTests {

	private static final Duration EVER = Duration.ofHours(1);

	@SuppressWarnings("deprecation")
	private final EventLoopGroup eventLoops = new NioEventLoopGroup(1);

	private final CompletableFuture<Channel> accepted = new CompletableFuture<>();

	@AfterEach
	void stop() {
		this.eventLoops.shutdownGracefully();
	}

	@Test
	void aClientThatStillSendsGetsAllThatItWasSent() throws Exception {
		try (Socket client = connect(EVER)) {
			Channel connection = this.accepted.get();
			connection.writeAndFlush(Unpooled.wrappedBuffer(new byte[] { 1, 2, 3 }));
			connection.close();
			InputStream in = client.getInputStream();
			assertThat(in.read()).isEqualTo(1);
			sendUntilTheServerMustHaveAnswered(client);
			assertThat(in.readAllBytes()).containsExactly(2, 3);
			assertThat(connection.isOpen()).isTrue();
			client.close();
			assertThat(connection.closeFuture().await(30_000)).isTrue();
		}
	}

	@Test
	void withoutItTheClientIsReset() throws Exception {
		try (Socket client = connect(null)) {
			Channel connection = this.accepted.get();
			connection.close().sync();
			assertThatIOException().isThrownBy(() -> {
				// The socket is closed when the event loop has looked at its selector
				// again.
				while (true) {
					send(client);
				}
			});
		}
	}

	@Test
	void whoeverClosesIsToldWhenItIsClosed() throws Exception {
		try (Socket client = connect(EVER)) {
			ChannelFuture closed = this.accepted.get().close();
			assertThat(client.getInputStream().read()).isEqualTo(-1);
			assertThat(closed.isDone()).isFalse();
			client.close();
			assertThat(closed.await(30_000)).isTrue();
			assertThat(closed.isSuccess()).isTrue();
		}
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void aClientThatDoesNotCloseIsNotWaitedForForEver(CapturedOutput output) throws Exception {
		try (Socket client = connect(Duration.ofMillis(1))) {
			assertThat(this.accepted.get().close().await(30_000)).isTrue();
			assertThat(client.getInputStream().read()).isEqualTo(-1);
		}
		assertThat(output).isEmpty();
	}

	@Test
	void whoClosesTwiceDoesNotWait() throws Exception {
		try (Socket client = connect(EVER)) {
			Channel connection = this.accepted.get();
			ChannelFuture closed = connection.close();
			assertThat(connection.close().await(30_000)).isTrue();
			assertThat(closed.await(30_000)).isTrue();
			assertThat(client.isConnected()).isTrue();
		}
	}

	/**
	 * The answer to the first write, if there is one, fails a later one.
	 */
	private static void sendUntilTheServerMustHaveAnswered(Socket client) throws IOException {
		for (int i = 0; i < 2000; i++) {
			send(client);
		}
	}

	private static void send(Socket client) throws IOException {
		client.getOutputStream().write(new byte[1000]);
	}

	private Socket connect(@Nullable Duration linger) throws Exception {
		Channel listener = new ServerBootstrap().group(this.eventLoops)
			.channel(NioServerSocketChannel.class)
			.childHandler(new ChannelInitializer<Channel>() {

				@Override
				protected void initChannel(Channel connection) {
					if (linger != null) {
						connection.pipeline().addLast(new NettyLingeringClose(linger));
					}
					connection.pipeline().addLast(new ChannelInboundHandlerAdapter() {

						@Override
						public void channelActive(ChannelHandlerContext ctx) {
							NettyLingeringCloseTests.this.accepted.complete(ctx.channel());
						}

					});
				}

			})
			.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
			.sync()
			.channel();
		InetSocketAddress address = (InetSocketAddress) listener.localAddress();
		return new Socket(address.getAddress(), address.getPort());
	}

}
