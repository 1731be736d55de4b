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

package io.github.lastcall.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;

import io.github.lastcall.benchmarks.service.CallMethods;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollSocketChannel;

/**
 * The connections of a client that offers load, on one event loop: the server needs the
 * processors more.
 */
final class LoadClient implements AutoCloseable {

	private final EventLoopGroup eventLoop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());

	private final List<Channel> channels = new ArrayList<>();

	private final List<Runnable> ends = new ArrayList<>();

	LoadClient(int port, int connections, Retries retries) {
		for (int i = 0; i < connections; i++) {
			if (retries == Retries.NONE) {
				FrameChannel channel = new FrameChannel(port, this.eventLoop.next());
				this.channels.add(channel);
				this.ends.add(channel::close);
				continue;
			}
			NettyChannelBuilder builder = NettyChannelBuilder.forAddress("127.0.0.1", port)
				.usePlaintext()
				.directExecutor()
				.eventLoopGroup(this.eventLoop)
				.channelType(EpollSocketChannel.class);
			ManagedChannel channel = retries.configure(builder).build();
			this.channels.add(channel);
			this.ends.add(channel::shutdownNow);
		}
	}

	/**
	 * The thread on which calls are sent and answered.
	 */
	ScheduledExecutorService thread() {
		return this.eventLoop.next();
	}

	List<Channel> channels() {
		return this.channels;
	}

	@Override
	public void close() {
		this.ends.forEach(Runnable::run);
		this.eventLoop.shutdownGracefully();
	}

	/**
	 * Whether the client calls again when it is refused.
	 */
	enum Retries {

		/**
		 * Never.
		 */
		NONE,

		/**
		 * Up to four times.
		 */
		ALWAYS,

		/**
		 * Up to four times, until half of the tokens are gone.
		 */
		THROTTLED;

		private static final Map<String, Object> POLICY = Map.of("maxAttempts", 5.0, "initialBackoff", "0.1s",
				"maxBackoff", "1s", "backoffMultiplier", 2.0, "retryableStatusCodes",
				List.of("UNAVAILABLE", "RESOURCE_EXHAUSTED"));

		private static final List<?> METHODS = List
			.of(Map.of("name", List.of(Map.of("service", CallMethods.SERVICE)), "retryPolicy", POLICY));

		private static final Map<String, Object> THROTTLING = Map.of("maxTokens", 10.0, "tokenRatio", 0.1);

		private NettyChannelBuilder configure(NettyChannelBuilder builder) {
			return switch (this) {
				case NONE -> throw new IllegalStateException("A channel that does not retry costs less");
				case ALWAYS -> builder.enableRetry().defaultServiceConfig(Map.of("methodConfig", METHODS));
				case THROTTLED -> builder.enableRetry()
					.defaultServiceConfig(Map.of("methodConfig", METHODS, "retryThrottling", THROTTLING));
			};
		}

	}

}
