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
 * Reason for which a server refused a connection or a call.
 */
public enum RefusalReason {

	/**
	 * Connection above the limit of open connections.
	 */
	CONNECTIONS("grpc.server.limits.connections"),

	/**
	 * Connection whose client took too long to start HTTP/2, or later to complete
	 * headers.
	 */
	HANDSHAKE_TIMEOUT("grpc.server.limits.handshake-timeout"),

	/**
	 * Call above the limit of its connection.
	 */
	CALLS_PER_CONNECTION("grpc.server.limits.concurrent-calls-per-connection"),

	/**
	 * Call above the limit of the server.
	 */
	CONCURRENT_CALLS("grpc.server.limits.concurrent-calls"),

	/**
	 * Stream of an infrastructure service, such as Health/Watch, above the limit of the
	 * server.
	 */
	INFRASTRUCTURE_STREAMS(""),

	/**
	 * Call whose executor was full or closed.
	 */
	EXECUTOR("grpc.server.executor"),

	/**
	 * Call that would have waited too long for a thread.
	 */
	OVERLOAD("grpc.server.limits.queue-delay"),

	/**
	 * Connection whose client reset too many calls, or had too many reset for errors.
	 */
	RESETS("grpc.server.limits.resets-per-connection"),

	/**
	 * Connection whose client sent PINGs more often than it may.
	 */
	PINGS("grpc.server.keep-alive.permit.time"),

	/**
	 * Connection whose client requested more protocol replies (to PING, SETTINGS,
	 * RST_STREAM) than it read, or split headers into too many frames.
	 */
	FLOOD(""),

	/**
	 * Connection whose client sent too many frames that served no call.
	 */
	CONTROL_FRAMES("grpc.server.limits.control-frames-per-connection"),

	/**
	 * Call with too much metadata.
	 */
	METADATA_SIZE("grpc.server.limits.inbound-metadata-size"),

	/**
	 * Call with a message that was too large, or would have been when decompressed.
	 */
	MESSAGE_SIZE("grpc.server.limits.inbound-message-size"),

	/**
	 * Call with a message to an infrastructure service that was too large, or would have
	 * been when decompressed.
	 */
	INFRASTRUCTURE_MESSAGE_SIZE(""),

	/**
	 * Connection whose TLS handshake failed: the certificate of the client, a version or
	 * a cipher that is not enabled, no ALPN.
	 */
	TLS("grpc.server.ssl"),

	/**
	 * Call with a partially received message, when all of those held too much memory.
	 */
	INBOUND_BUFFER("grpc.server.limits.inbound-buffer-size"),

	/**
	 * Call that held more messages than its client read, and could not wait.
	 */
	OUTBOUND_MESSAGES("grpc.server.limits.outbound-message-buffer"),

	/**
	 * Call whose handler waited for a client that read nothing.
	 */
	OUTBOUND_WAIT("grpc.server.limits.outbound-wait"),

	/**
	 * Call that held the most, when the messages that clients did not read held too much
	 * memory.
	 */
	OUTBOUND_BUFFER("grpc.server.limits.outbound-buffer-size"),

	/**
	 * Call without valid credentials, or a stream whose credentials have expired.
	 */
	UNAUTHENTICATED(""),

	/**
	 * Call of a method that its caller must not call.
	 */
	DENIED(""),

	/**
	 * Call of a method that the server does not implement.
	 */
	UNKNOWN_METHOD(""),

	/**
	 * Connection or call that violated HTTP/2 or was something else: port scans, web
	 * browsers, TLS on a plaintext port, plaintext on a TLS port.
	 */
	PROTOCOL("");

	private final String property;

	RefusalReason(String property) {
		this.property = property;
	}

	/**
	 * Returns the name in meters and logs.
	 * @return the name, in lower case
	 */
	public String getTag() {
		return name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	/**
	 * Returns the property of the limit in parentheses, or an empty text.
	 */
	String hint() {
		return this.property.isEmpty() ? "" : " (" + this.property + ")";
	}

	/**
	 * Returns whether a refusal is logged as a warning. Garbage that any client can send
	 * is not.
	 */
	boolean isWarning() {
		return this != PROTOCOL && this != UNKNOWN_METHOD && this != UNAUTHENTICATED;
	}

}
