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

import io.grpc.netty.shaded.io.netty.util.internal.PlatformDependent;

/**
 * Memory outside of the heap.
 */
public final class NettyMemory {

	private NettyMemory() {
	}

	/**
	 * Returns the limit set by {@code -XX:MaxDirectMemorySize} or {@code
	 * io.netty.maxDirectMemory}.
	 * @return the number of bytes
	 */
	public static long limit() {
		return PlatformDependent.maxDirectMemory();
	}

}
