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

package io.github.lastcall.grpc.autoconfigure;

import java.io.IOException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.netty.NettyLoggers;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.DefaultEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.Epoll;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.local.LocalAddress;
import io.grpc.netty.shaded.io.netty.channel.local.LocalServerChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;

import org.springframework.boot.autoconfigure.preinitialize.BackgroundPreinitializer;
import org.springframework.util.ClassUtils;

/**
 * Loads Netty and grpc-java while the main thread still prepares the application context:
 * together they are most of the time that a gRPC server adds to the start of an
 * application. A server that nobody can reach, and that is gone at once, knows best which
 * classes are needed.
 */
class GrpcServerPreinitializer implements BackgroundPreinitializer {

	@Override
	public void preinitialize() throws IOException {
		ClassLoader classLoader = getClass().getClassLoader();
		if (ClassUtils.isPresent("io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder", classLoader)) {
			Netty.load();
		}
	}

	/**
	 * Not linked without Netty. The event loops are of the classes that both Netty lines
	 * have: 4.1, which grpc-java shades up to 1.80, and 4.2, which has deprecated them.
	 */
	@SuppressWarnings("deprecation")
	private static final class Netty {

		private static final ThreadFactory THREADS = new DefaultThreadFactory("grpc-preinit", true);

		static void load() throws IOException {
			NettyLoggers.install();
			if (Epoll.isAvailable()) {
				end(new EpollEventLoopGroup(1, THREADS));
			}
			EventLoopGroup eventLoops = new DefaultEventLoopGroup(1, THREADS);
			try {
				Server server = NettyServerBuilder
					.forAddress(new LocalAddress(GrpcServerPreinitializer.class), InsecureServerCredentials.create())
					.channelType(LocalServerChannel.class)
					.bossEventLoopGroup(eventLoops)
					.workerEventLoopGroup(eventLoops)
					.directExecutor()
					.addService(ProtoReflectionServiceV1.newInstance())
					.build();
				server.start().shutdownNow();
			}
			finally {
				end(eventLoops);
			}
		}

		private static void end(EventLoopGroup eventLoops) {
			eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
		}

	}

}
