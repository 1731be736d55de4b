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
package io.github.lastcall.grpc.limits;

import java.util.Locale;

/**
 * Why a server refused something that a client wanted.
 */
public enum RefusalReason {

	/**
	 * A connection: there were too many already.
	 */
	CONNECTIONS("grpc.server.limits.connections"),

	/**
	 * A connection on which the client took too long to begin with HTTP/2, or later to
	 * end headers that it had begun.
	 */
	HANDSHAKE_TIMEOUT("grpc.server.limits.handshake-timeout"),

	/**
	 * A call: its connection had too many already.
	 */
	CALLS_PER_CONNECTION("grpc.server.limits.concurrent-calls-per-connection"),

	/**
	 * A call: the server had too many already.
	 */
	CONCURRENT_CALLS("grpc.server.limits.concurrent-calls"),

	/**
	 * A stream of an infrastructure service, such as a watch of health: the server had
	 * too many already.
	 */
	INFRASTRUCTURE_STREAMS(""),

	/**
	 * A call whose executor was full or closed.
	 */
	EXECUTOR("grpc.server.executor"),

	/**
	 * A connection whose client reset too many calls, or had too many reset for errors.
	 */
	RESETS("grpc.server.limits.resets-per-connection"),

	/**
	 * A connection whose client sent PINGs more often than it may.
	 */
	PINGS("grpc.server.keep-alive.permit.time"),

	/**
	 * A connection whose client asked for more answers of the protocol (to PING,
	 * SETTINGS, RST_STREAM) than it read, or split headers into too many pieces.
	 */
	FLOOD(""),

	/**
	 * A connection whose client sent too many frames that served no call.
	 */
	CONTROL_FRAMES("grpc.server.limits.control-frames-per-connection"),

	/**
	 * A call with too much metadata.
	 */
	METADATA_SIZE("grpc.server.limits.inbound-metadata-size"),

	/**
	 * A call with a message that was too large, or would have been when decompressed.
	 */
	MESSAGE_SIZE("grpc.server.limits.inbound-message-size"),

	/**
	 * A call with a message to an infrastructure service that was too large, or would
	 * have been when decompressed.
	 */
	INFRASTRUCTURE_MESSAGE_SIZE(""),

	/**
	 * A connection whose TLS handshake failed: the certificate of the client, a version
	 * or a cipher that is not enabled, no ALPN.
	 */
	TLS("grpc.server.ssl"),

	/**
	 * A call with a message in the making, when all of those held too much memory.
	 */
	INBOUND_BUFFER("grpc.server.limits.inbound-buffer-size"),

	/**
	 * A call that held more messages than its client read, and could not wait.
	 */
	OUTBOUND_MESSAGES("grpc.server.limits.outbound-message-buffer"),

	/**
	 * A call whose handler waited for a client that read nothing.
	 */
	OUTBOUND_WAIT("grpc.server.limits.outbound-wait"),

	/**
	 * The call that held most, when the messages that clients did not read held too much
	 * memory.
	 */
	OUTBOUND_BUFFER("grpc.server.limits.outbound-buffer-size"),

	/**
	 * A call of a method that the server does not have.
	 */
	UNKNOWN_METHOD(""),

	/**
	 * A connection or a call that broke the rules of HTTP/2, or was none: port scans, web
	 * browsers, TLS on a plaintext port, plaintext on a port for TLS.
	 */
	PROTOCOL("");

	private final String property;

	RefusalReason(String property) {
		this.property = property;
	}

	/**
	 * The name in meters and logs.
	 * @return the name, in lower case
	 */
	public String getTag() {
		return name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	/**
	 * What to look at for somebody who thinks that the refusal was wrong.
	 * @return the property in parentheses, or nothing
	 */
	String hint() {
		return this.property.isEmpty() ? "" : " (" + this.property + ")";
	}

	/**
	 * Whether an operator has to know. What anybody may send to the port is no warning.
	 * @return whether it is worth a warning
	 */
	boolean isWarning() {
		return this != PROTOCOL && this != UNKNOWN_METHOD;
	}

}
