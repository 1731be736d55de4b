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

import io.github.lastcall.grpc.limits.InboundMemory;
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.buffer.ByteBufAllocator;
import io.grpc.netty.shaded.io.netty.buffer.CompositeByteBuf;

/**
 * Buffer whose whole capacity counts as held until its last slice is released, on any
 * thread: a waiting message retains the whole buffer, however small its slice is.
 */
final class NettyCountedBuffer extends CompositeByteBuf {

	private final InboundMemory memory;

	private final int size;

	/**
	 * Creates a new buffer and counts it.
	 * @param allocator the allocator of the channel
	 * @param buffer the wrapped buffer, which is released with this one
	 * @param memory accounts for the buffer
	 */
	NettyCountedBuffer(ByteBufAllocator allocator, ByteBuf buffer, InboundMemory memory) {
		super(allocator, buffer.isDirect(), 1);
		this.memory = memory;
		this.size = buffer.capacity();
		int begin = buffer.readerIndex();
		int end = buffer.writerIndex();
		addComponent(buffer.setIndex(0, this.size));
		setIndex(begin, end);
		memory.add(this.size);
	}

	@Override
	protected void deallocate() {
		super.deallocate();
		this.memory.add(-this.size);
	}

}
