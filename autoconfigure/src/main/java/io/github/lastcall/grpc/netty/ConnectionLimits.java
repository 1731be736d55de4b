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

import java.time.Duration;

import io.github.lastcall.grpc.limits.InboundMemory;

import org.springframework.util.Assert;

/**
 * Limits of connections that grpc-java does not have.
 *
 * @param connections maximum number of open connections, 0 for no limit
 * @param handshakeTimeout maximum time from the start of a connection to the first
 * settings of HTTP/2, including TLS
 * @param controlFrames maximum number of frames without a call that a client may send on
 * a connection within ten seconds, 0 for no limit
 * @param inboundMemory accounts for the buffers of inbound messages
 */
public record ConnectionLimits(int connections, Duration handshakeTimeout, int controlFrames,
		InboundMemory inboundMemory) {

	public ConnectionLimits {
		Assert.isTrue(connections >= 0, "'connections' must not be negative");
		Assert.isTrue(!handshakeTimeout.isZero() && !handshakeTimeout.isNegative(),
				"'handshakeTimeout' must be positive");
		Assert.isTrue(controlFrames >= 0, "'controlFrames' must not be negative");
	}

}
