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
package io.github.lastcall.grpc.testing;

import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;

/**
 * Lets the operating system keep little of what a client does not read, so that it soon
 * stays with the server.
 */
public final class SmallSendBuffers implements GrpcServerBuilderCustomizer<NettyServerBuilder> {

	private static final int SIZE = 4096;

	@Override
	public void customize(NettyServerBuilder builder) {
		builder.withChildOption(ChannelOption.SO_SNDBUF, SIZE);
	}

}
