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

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.grpc.ServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;

/**
 * Servers on a free port of this machine, on grpc-java's own transport.
 */
public class LoopbackServerFactory implements GrpcServerFactory {

	private final List<ServerBuilder<?>> created = new CopyOnWriteArrayList<>();

	@Override
	public ServerBuilder<?> newBuilder() {
		ServerBuilder<?> builder = NettyServerBuilder
			.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
		this.created.add(builder);
		return builder;
	}

	@Override
	public GrpcServerStartException bindFailure(IOException failure) {
		return new GrpcServerStartException(String.valueOf(failure.getMessage()), "Try again");
	}

	/**
	 * The builders that have been asked for.
	 * @return the builders
	 */
	public List<ServerBuilder<?>> created() {
		return this.created;
	}

}
