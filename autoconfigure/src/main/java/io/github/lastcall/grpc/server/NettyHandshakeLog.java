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

import java.io.IOException;
import java.util.Locale;

import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandler;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.handler.codec.DecoderException;
import io.grpc.netty.shaded.io.netty.handler.ssl.NotSslRecordException;

/**
 * Says in one line why a connection did not come about by TLS.
 */
final class NettyHandshakeLog extends ChannelInboundHandlerAdapter {

	/**
	 * What OpenSSL's messages begin with: a number and the name of a library.
	 */
	private static final String OPENSSL_PREFIX = "OPENSSL_internal:";

	private final ChannelHandler negotiation;

	private final GrpcHttp2ConnectionHandler connection;

	private boolean failed;

	NettyHandshakeLog(ChannelHandler negotiation, GrpcHttp2ConnectionHandler connection) {
		this.negotiation = negotiation;
		this.connection = connection;
	}

	@Override
	public void handlerAdded(ChannelHandlerContext context) {
		context.pipeline().addBefore(context.name(), null, this.negotiation);
	}

	@Override
	public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
		if (!this.failed && context.pipeline().context(this.connection) == null) {
			this.failed = true;
			Throwable cause = (failure instanceof DecoderException && failure.getCause() != null) ? failure.getCause()
					: failure;
			// A client that just goes away, as the probe of a port does, is no refusal.
			if (!isDisconnect(cause)) {
				NettyRefusals.log(context.channel(), reason(cause));
			}
		}
		context.fireExceptionCaught(failure);
	}

	private static boolean isDisconnect(Throwable cause) {
		return cause instanceof IOException && !(cause instanceof javax.net.ssl.SSLException);
	}

	private static String reason(Throwable failure) {
		if (failure instanceof NotSslRecordException) {
			return "it does not speak TLS";
		}
		if (failure instanceof StatusRuntimeException) {
			return "it does not offer HTTP/2 (h2) by ALPN";
		}
		Throwable cause = failure;
		while (true) {
			if (cause instanceof RefusedCertificateException) {
				return String.valueOf(cause.getMessage());
			}
			if (cause.getCause() == null) {
				break;
			}
			cause = cause.getCause();
		}
		String message = String.valueOf(cause.getMessage());
		int prefix = message.indexOf(OPENSSL_PREFIX);
		return explain((prefix != -1) ? message.substring(prefix + OPENSSL_PREFIX.length()) : message);
	}

	private static String explain(String message) {
		String lower = message.toLowerCase(Locale.ROOT);
		if (lower.contains("did_not_return_a_certificate") || lower.contains("empty client certificate")) {
			return "it has shown no certificate";
		}
		if (lower.contains("unsupported_protocol") || lower.contains("requested protocol")
				|| lower.contains("client supported protocol versions")) {
			return "it offers no version of TLS that is enabled here (%s)".formatted(message);
		}
		if (lower.contains("no_shared_cipher") || lower.contains("no cipher suites in common")) {
			return "it offers no cipher that is enabled here (%s)".formatted(message);
		}
		if (lower.contains("alert")) {
			return "the client has given up, maybe because it does not trust the certificate of this server (%s)"
				.formatted(message);
		}
		return message;
	}

}
