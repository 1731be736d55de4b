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
package io.github.lastcall.benchmarks;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameTypes;

/**
 * A connection of HTTP/2 that costs this process next to nothing, so that there can be
 * thousands, and that does what no gRPC client does.
 */
final class FrameConnection implements AutoCloseable {

	private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

	private static final int ACK = 1;

	private static final int END_HEADERS = 4;

	private static final int TIMEOUT = 60_000;

	private final Socket socket;

	private final DataInputStream in;

	private final OutputStream out;

	FrameConnection(int port) throws IOException {
		this(new Socket(InetAddress.getLoopbackAddress(), port));
	}

	FrameConnection(Socket socket) throws IOException {
		this.socket = socket;
		socket.setSoTimeout(TIMEOUT);
		this.in = new DataInputStream(socket.getInputStream());
		this.out = new BufferedOutputStream(socket.getOutputStream(), 4096);
	}

	/**
	 * Begin with HTTP/2, and wait until the server has acknowledged it.
	 */
	FrameConnection begin() throws IOException {
		this.out.write(PREFACE);
		frame(Http2FrameTypes.SETTINGS, 0, 0, new byte[0]);
		frame(Http2FrameTypes.SETTINGS, ACK, 0, new byte[0]);
		awaitAnswer(Http2FrameTypes.SETTINGS);
		return this;
	}

	/**
	 * Open a call that waits for its message.
	 */
	FrameConnection open(int stream, String method) throws IOException {
		DefaultHttp2Headers headers = new DefaultHttp2Headers();
		headers.method("POST").scheme("http").path("/" + method).authority("localhost");
		headers.add("content-type", "application/grpc").add("te", "trailers");
		ByteBuf block = Unpooled.buffer();
		try {
			new DefaultHttp2HeadersEncoder((name, value) -> true).encodeHeaders(stream, headers, block);
		}
		catch (Http2Exception ex) {
			throw new IOException(ex);
		}
		byte[] payload = new byte[block.readableBytes()];
		block.readBytes(payload);
		frame(Http2FrameTypes.HEADERS, END_HEADERS, stream, payload);
		return this;
	}

	FrameConnection reset(int stream) throws IOException {
		frame(Http2FrameTypes.RST_STREAM, 0, stream, new byte[] { 0, 0, 0, 8 });
		return this;
	}

	/**
	 * Wait until the server has read everything so far.
	 */
	void sync() throws IOException {
		frame(Http2FrameTypes.PING, 0, 0, new byte[8]);
		awaitAnswer(Http2FrameTypes.PING);
	}

	/**
	 * Wait until the server has accepted the connection, which it answers with its
	 * settings at once.
	 */
	FrameConnection awaitAccepted() throws IOException {
		this.in.readUnsignedByte();
		return this;
	}

	private void awaitAnswer(int type) throws IOException {
		this.out.flush();
		while (true) {
			int length = (this.in.readUnsignedByte() << 16) | this.in.readUnsignedShort();
			int received = this.in.readUnsignedByte();
			int flags = this.in.readUnsignedByte();
			this.in.readInt();
			this.in.skipNBytes(length);
			if (received == type && (flags & ACK) != 0) {
				return;
			}
		}
	}

	private void frame(int type, int flags, int stream, byte[] payload) throws IOException {
		ByteBuf header = Unpooled.buffer(9);
		header.writeMedium(payload.length).writeByte(type).writeByte(flags).writeInt(stream);
		this.out.write(header.array(), 0, 9);
		this.out.write(payload);
	}

	@Override
	public void close() {
		try {
			this.socket.close();
		}
		catch (IOException ex) {
			// It is gone anyway.
		}
	}

}
