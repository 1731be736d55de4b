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

package io.github.lastcall.grpc.server;

import java.util.concurrent.Executor;

import io.grpc.internal.FixedObjectPool;
import io.grpc.netty.shaded.io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.shaded.io.grpc.netty.InternalNettyServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.InternalProtocolNegotiator.ProtocolNegotiator;
import io.grpc.netty.shaded.io.grpc.netty.InternalProtocolNegotiators;
import io.grpc.netty.shaded.io.grpc.netty.NettySslContextServerCredentials;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandler;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.util.AsciiString;

/**
 * How a connection begins, by TLS or in plaintext. The work is grpc-java's; one that does
 * not come about leaves a line in the log, which grpc-java has nothing or a stack trace
 * for.
 */
final class NettyNegotiation implements ProtocolNegotiator {

	private final ProtocolNegotiator negotiator;

	private final NettyHandlerFactory handlers;

	private NettyNegotiation(ProtocolNegotiator negotiator, NettyHandlerFactory handlers) {
		this.negotiator = negotiator;
		this.handlers = handlers;
	}

	static NettyNegotiation plaintext() {
		return new NettyNegotiation(InternalProtocolNegotiators.serverPlaintext(),
				(negotiation, connection) -> new NettyTlsDetector(negotiation));
	}

	/**
	 * Negotiate TLS.
	 * @param context the SSL context
	 * @param executor does what takes long in a handshake: to sign, and to check a
	 * client's certificate
	 */
	static NettyNegotiation tls(SslContext context, Executor executor) {
		return new NettyNegotiation(
				InternalNettyServerCredentials.toNegotiator(NettySslContextServerCredentials.create(context))
					.newNegotiator(new FixedObjectPool<>(executor)),
				NettyHandshakeLog::new);
	}

	@Override
	public AsciiString scheme() {
		return this.negotiator.scheme();
	}

	@Override
	public ChannelHandler newHandler(GrpcHttp2ConnectionHandler connection) {
		return this.handlers.create(this.negotiator.newHandler(connection), connection);
	}

	@Override
	public void close() {
		this.negotiator.close();
	}

	private interface NettyHandlerFactory {

		ChannelHandler create(ChannelHandler negotiation, GrpcHttp2ConnectionHandler connection);

	}

}
