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
 * Listener for the inbound frames of one connection, called on its event loop.
 */
interface NettyFrameListener {

	/**
	 * Called when the connection begins.
	 */
	void added(ChannelHandlerContext ctx);

	/**
	 * Called when the header of a frame has been read.
	 * @param stream the stream, 0 for the connection
	 * @param length the length of the payload, for DATA without its padding
	 */
	void frameBegins(int type, int flags, int stream, int length);

	/**
	 * Called when the payload of a frame has been read.
	 */
	default void frameEnds() {
	}

	/**
	 * Called when the available bytes have been read.
	 * @return whether to accept them and those that follow
	 */
	boolean accepts();

	/**
	 * Called when the connection ends.
	 */
	default void removed() {
	}

}
