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
package io.github.lastcall.grpc.testing;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A frame of HTTP/2, as clients need them that are not well-behaved.
 */
public record Http2Frame(int type, int flags, int stream, byte[] payload) {

	public static final int DATA = 0;

	public static final int HEADERS = 1;

	public static final int PRIORITY = 2;

	public static final int RST_STREAM = 3;

	public static final int SETTINGS = 4;

	public static final int PING = 6;

	public static final int GOAWAY = 7;

	public static final int WINDOW_UPDATE = 8;

	public static final int CONTINUATION = 9;

	public static final int END_STREAM = 1;

	public static final int ACK = 1;

	public static final int END_HEADERS = 4;

	public static final int PADDED = 8;

	/**
	 * What a client begins with, before its settings.
	 */
	public static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

	/**
	 * Wait for the next frame.
	 * @throws EOFException if none comes any more
	 */
	public static Http2Frame read(DataInputStream in) throws IOException {
		int length = (in.readUnsignedByte() << 16) | in.readUnsignedShort();
		int type = in.readUnsignedByte();
		int flags = in.readUnsignedByte();
		int stream = in.readInt();
		byte[] payload = in.readNBytes(length);
		if (payload.length < length) {
			throw new EOFException();
		}
		return new Http2Frame(type, flags, stream, payload);
	}

	public boolean has(int flag) {
		return (this.flags & flag) != 0;
	}

	/**
	 * The reason that GOAWAY gives.
	 */
	public String debugData() {
		return new String(this.payload, 8, this.payload.length - 8, StandardCharsets.UTF_8);
	}

	public byte[] encode() {
		ByteArrayOutputStream frame = new ByteArrayOutputStream(9 + this.payload.length);
		frame.write(this.payload.length >> 16);
		frame.write(this.payload.length >> 8);
		frame.write(this.payload.length);
		frame.write(this.type);
		frame.write(this.flags);
		writeInt(frame, this.stream);
		frame.writeBytes(this.payload);
		return frame.toByteArray();
	}

	/**
	 * The payload of HEADERS that open a gRPC call, with more headers or others, each a
	 * literal without indexing.
	 */
	public static byte[] headers(String method, Map<String, String> more) {
		Map<String, String> all = new LinkedHashMap<>();
		all.put(":method", "POST");
		all.put(":scheme", "http");
		all.put(":path", "/" + method);
		all.put(":authority", "localhost");
		all.put("content-type", "application/grpc");
		all.put("te", "trailers");
		all.putAll(more);
		ByteArrayOutputStream block = new ByteArrayOutputStream();
		all.forEach((name, value) -> {
			block.write(0);
			literal(block, name);
			literal(block, value);
		});
		return block.toByteArray();
	}

	private static void literal(ByteArrayOutputStream block, String text) {
		int length = text.length();
		if (length < 127) {
			block.write(length);
		}
		else {
			block.write(127);
			length -= 127;
			while (length >= 128) {
				block.write((length % 128) + 128);
				length /= 128;
			}
			block.write(length);
		}
		block.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
	}

	/**
	 * The payload of DATA with a message, or the beginning of one that says it is longer.
	 * @param compressed whether the message says that it is compressed
	 * @param length the length that it says it has
	 */
	public static byte[] message(boolean compressed, int length, byte[] message) {
		ByteArrayOutputStream payload = new ByteArrayOutputStream(5 + message.length);
		payload.write(compressed ? 1 : 0);
		writeInt(payload, length);
		payload.writeBytes(message);
		return payload.toByteArray();
	}

	private static void writeInt(ByteArrayOutputStream out, int number) {
		for (int shift = 24; shift >= 0; shift -= 8) {
			out.write(number >> shift);
		}
	}

}
