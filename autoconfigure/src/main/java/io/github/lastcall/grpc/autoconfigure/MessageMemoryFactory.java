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

import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.OutboundBuffers;
import io.github.lastcall.grpc.netty.NettyMemory;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.util.ClassUtils;
import org.springframework.util.unit.DataSize;

/**
 * Determines how much memory messages may use, and warns if limits exceed the direct
 * memory, which buildpacks limit to 10 MB.
 */
final class MessageMemoryFactory {

	private static final Log logger = LogFactory.getLog(MessageMemoryFactory.class);

	private static final String NETTY = "io.grpc.netty.shaded.io.netty.util.internal.PlatformDependent";

	private final GrpcServerProperties.Limits limits;

	private final long heap;

	private final long outsideOfHeap;

	MessageMemoryFactory(GrpcServerProperties.Limits limits) {
		this(limits, Runtime.getRuntime().maxMemory(),
				ClassUtils.isPresent(NETTY, MessageMemoryFactory.class.getClassLoader()) ? NettyMemory.limit()
						: Long.MAX_VALUE);
	}

	MessageMemoryFactory(GrpcServerProperties.Limits limits, long heap, long outsideOfHeap) {
		this.limits = limits;
		this.heap = heap;
		this.outsideOfHeap = outsideOfHeap;
	}

	InboundMemory inbound() {
		DataSize set = this.limits.inboundBufferSize();
		long limit = (set != null) ? set.toBytes() : Math.min(this.heap, this.outsideOfHeap) / 2;
		long message = this.limits.inboundMessageSize().toBytes();
		long needed = GrpcServerProperties.Limits.BUFFERS_OF_MESSAGE * message;
		if (limit > this.outsideOfHeap || needed > Math.min(limit, this.outsideOfHeap)) {
			logger.warn(
					"Inbound messages may use %s, but direct memory is limited to %s: a message of grpc.server.limits.inbound-message-size (%s) may need %s and can be refused with RESOURCE_EXHAUSTED. Raise -XX:MaxDirectMemorySize, or lower grpc.server.limits.inbound-message-size."
						.formatted(megabytes(limit), megabytes(this.outsideOfHeap), megabytes(message),
								megabytes(needed)));
		}
		return new InboundMemory(limit);
	}

	OutboundBuffers outbound() {
		DataSize set = this.limits.outboundBufferSize();
		long limit = (set != null) ? set.toBytes() : Math.min(this.heap / 4, this.outsideOfHeap / 2);
		long perCall = this.limits.outboundMessageBuffer().toBytes();
		if (limit > this.outsideOfHeap || (limit < this.heap / 4 && limit < perCall && set == null)) {
			logger.warn(
					"Outbound messages may use %s, but direct memory is limited to %s: larger messages are refused with RESOURCE_EXHAUSTED. Raise -XX:MaxDirectMemorySize, or lower grpc.server.limits.outbound-buffer-size."
						.formatted(megabytes(limit), megabytes(this.outsideOfHeap)));
		}
		return new OutboundBuffers((perCall > 0) ? perCall : Long.MAX_VALUE, limit, this.limits.outboundWait());
	}

	private static String megabytes(long bytes) {
		return (bytes < 1 << 20) ? (bytes >> 10) + " KB" : (bytes >> 20) + " MB";
	}

}
