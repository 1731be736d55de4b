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

import io.github.lastcall.grpc.call.InboundMemory;
import io.github.lastcall.grpc.netty.NettyMemory;
import org.apache.commons.logging.LogFactory;

import org.springframework.util.ClassUtils;
import org.springframework.util.unit.DataSize;

/**
 * Decides how much memory inbound messages may hold, and reports what does not fit into
 * the memory outside of the heap: buildpacks limit that to 10 MB.
 */
final class InboundMemoryFactory {

	private static final String NETTY = "io.grpc.netty.shaded.io.netty.util.internal.PlatformDependent";

	private InboundMemoryFactory() {
	}

	static InboundMemory create(GrpcServerProperties.Limits limits) {
		return create(limits, ClassUtils.isPresent(NETTY, InboundMemoryFactory.class.getClassLoader())
				? NettyMemory.limit() : Long.MAX_VALUE);
	}

	/**
	 * Create the memory for messages.
	 * @param limits the properties
	 * @param outsideOfHeap how much memory there may be outside of the heap
	 * @return the memory
	 */
	static InboundMemory create(GrpcServerProperties.Limits limits, long outsideOfHeap) {
		DataSize set = limits.inboundBufferSize();
		long limit = (set != null) ? set.toBytes() : Math.min(Runtime.getRuntime().maxMemory(), outsideOfHeap) / 2;
		long needed = GrpcServerProperties.Limits.BUFFERS_OF_MESSAGE * limits.inboundMessageSize().toBytes();
		if (limit > outsideOfHeap || needed > Math.min(limit, outsideOfHeap)) {
			LogFactory.getLog(InboundMemoryFactory.class)
				.warn("Messages may hold %s, and the memory outside of the heap is limited to %s: a message of grpc.server.limits.inbound-message-size (%s), which may need %s, can be refused with RESOURCE_EXHAUSTED. Raise -XX:MaxDirectMemorySize, or lower grpc.server.limits.inbound-message-size."
					.formatted(megabytes(limit), megabytes(outsideOfHeap),
							megabytes(limits.inboundMessageSize().toBytes()), megabytes(needed)));
		}
		return new InboundMemory(limit);
	}

	private static String megabytes(long bytes) {
		return (bytes < 1 << 20) ? (bytes >> 10) + " KB" : (bytes >> 20) + " MB";
	}

}
