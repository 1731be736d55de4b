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
import java.util.Locale;
import java.util.function.Supplier;

import javax.net.ssl.SSLException;

import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.tls.RefusedCertificateException;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.handler.ssl.ApplicationProtocolNames;
import io.grpc.netty.shaded.io.netty.handler.ssl.NotSslRecordException;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslHandler;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslHandshakeTimeoutException;
import org.jspecify.annotations.Nullable;

import org.springframework.core.NestedExceptionUtils;

/**
 * Reports failed TLS handshakes and their reasons, which grpc-java does not log. Stays
 * behind Netty's {@link SslHandler} until the handshake is over.
 */
final class NettyHandshakeLog extends ChannelInboundHandlerAdapter {

	/**
	 * End of the prefix of OpenSSL's messages, which contains a number and the name of a
	 * library.
	 */
	private static final String OPENSSL_PREFIX = "OPENSSL_internal:";

	private final Refusals refusals;

	NettyHandshakeLog(Refusals refusals) {
		this.refusals = refusals;
	}

	@Override
	public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
		if (event instanceof SslHandshakeCompletionEvent handshake) {
			if (!handshake.isSuccess()) {
				failed(ctx, handshake.cause());
			}
			else if (!ApplicationProtocolNames.HTTP_2.equals(applicationProtocol(ctx))) {
				report(ctx, RefusalReason.TLS, () -> "the client does not offer HTTP/2 (h2) by ALPN");
			}
			ctx.pipeline().remove(this);
		}
		ctx.fireUserEventTriggered(event);
	}

	private static @Nullable String applicationProtocol(ChannelHandlerContext ctx) {
		SslHandler tls = ctx.pipeline().get(SslHandler.class);
		return (tls != null) ? tls.applicationProtocol() : null;
	}

	private void failed(ChannelHandlerContext ctx, Throwable failure) {
		if (failure instanceof NotSslRecordException) {
			report(ctx, RefusalReason.PROTOCOL, () -> "the client does not use TLS");
		}
		else if (failure instanceof SslHandshakeTimeoutException) {
			// The timeout of Netty, which cannot be configured in grpc-java.
			report(ctx, RefusalReason.HANDSHAKE_TIMEOUT, () -> "TLS handshake not completed within 10000 ms");
		}
		// A client that closes the connection, such as a probe of the port, was not
		// refused.
		else if (failure instanceof SSLException || !(failure instanceof IOException)) {
			report(ctx, RefusalReason.TLS, () -> reason(failure));
		}
	}

	private void report(ChannelHandlerContext ctx, RefusalReason reason, Supplier<String> explanation) {
		this.refusals.report(reason,
				() -> "refused the connection from %s: %s".formatted(ctx.channel().remoteAddress(), explanation.get()));
	}

	private static String reason(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof RefusedCertificateException) {
				return String.valueOf(cause.getMessage());
			}
		}
		String message = String.valueOf(NestedExceptionUtils.getMostSpecificCause(failure).getMessage());
		int prefix = message.indexOf(OPENSSL_PREFIX);
		return explain((prefix != -1) ? message.substring(prefix + OPENSSL_PREFIX.length()) : message);
	}

	private static String explain(String message) {
		String lower = message.toLowerCase(Locale.ROOT);
		if (lower.contains("did_not_return_a_certificate") || lower.contains("empty client certificate")) {
			return "the client presented no certificate";
		}
		if (lower.contains("unsupported_protocol") || lower.contains("requested protocol")
				|| lower.contains("client supported protocol versions")) {
			return "the client offers no TLS version that is enabled here (%s)".formatted(message);
		}
		if (lower.contains("no_shared_cipher") || lower.contains("no cipher suites in common")) {
			return "the client offers no cipher that is enabled here (%s)".formatted(message);
		}
		if (lower.contains("alert")) {
			return "the client aborted, possibly because it does not trust the certificate of this server (%s)"
				.formatted(message);
		}
		return message;
	}

}
