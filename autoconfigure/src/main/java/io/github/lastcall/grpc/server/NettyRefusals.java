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

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.regex.Pattern;

import io.grpc.netty.shaded.io.netty.channel.Channel;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Logs connections that are refused before they begin, one line for each.
 */
final class NettyRefusals {

	private static final Log logger = LogFactory.getLog(NettyRefusals.class);

	/**
	 * The subject of a certificate is whatever a stranger writes into it.
	 */
	private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

	private static final int MAX_LENGTH = 500;

	private NettyRefusals() {
	}

	static void log(Channel channel, String reason) {
		if (logger.isWarnEnabled()) {
			String text = CONTROL.matcher(reason).replaceAll("?");
			logger.warn("gRPC server refuses the connection of %s: %s".formatted(text(channel.remoteAddress()),
					(text.length() > MAX_LENGTH) ? text.substring(0, MAX_LENGTH) + "..." : text));
		}
	}

	private static String text(SocketAddress address) {
		if (address instanceof InetSocketAddress inet && inet.getAddress() != null) {
			return inet.getAddress().getHostAddress() + ":" + inet.getPort();
		}
		return String.valueOf(address);
	}

}
