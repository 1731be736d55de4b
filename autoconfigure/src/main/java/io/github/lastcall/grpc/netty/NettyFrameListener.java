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

import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;

/**
 * Looks at the frames of one connection, on its event loop.
 */
interface NettyFrameListener {

	/**
	 * The connection begins.
	 */
	void added(ChannelHandlerContext ctx);

	/**
	 * The header of a frame has been read.
	 * @param type the type
	 * @param flags the flags
	 * @param stream the stream, 0 for the connection
	 * @param length the length of the payload, for DATA without its padding
	 */
	void frameBegins(int type, int flags, int stream, int length);

	/**
	 * The payload of a frame has been read.
	 */
	default void frameEnds() {
	}

	/**
	 * What has come so far has been read.
	 * @return whether to take it, and what still comes
	 */
	boolean accepts();

	/**
	 * The connection ends.
	 */
	default void removed() {
	}

}
