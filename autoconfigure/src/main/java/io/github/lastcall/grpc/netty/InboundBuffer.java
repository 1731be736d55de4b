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

/**
 * The buffer whose frames a thread looks at, for whoever has to know what is kept by
 * keeping a piece of it.
 */
final class InboundBuffer {

	private static final ThreadLocal<InboundBuffer> OF_THREAD = ThreadLocal.withInitial(InboundBuffer::new);

	private long last;

	private long number;

	private long size;

	private InboundBuffer() {
	}

	static InboundBuffer ofThread() {
		return OF_THREAD.get();
	}

	/**
	 * Number a buffer.
	 * @return a number that no other buffer of the thread has
	 */
	long next() {
		return ++this.last;
	}

	void enter(long number, long size) {
		this.number = number;
		this.size = size;
	}

	void leave() {
		this.number = 0;
	}

	/**
	 * Which buffer it is.
	 * @return its number, 0 if the thread looks at none
	 */
	long number() {
		return this.number;
	}

	/**
	 * How much memory it takes.
	 * @return the size in bytes
	 */
	long size() {
		return this.size;
	}

}
