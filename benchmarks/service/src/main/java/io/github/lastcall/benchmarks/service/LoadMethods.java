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

package io.github.lastcall.benchmarks.service;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;

/**
 * The methods of the load service. Messages are plain bytes, so that servers with any
 * version of protobuf, or none, serve the same.
 */
public final class LoadMethods {

	/**
	 * The full name of the service.
	 */
	public static final String SERVICE = "lastcall.benchmarks.Load";

	/**
	 * Answers after as many milliseconds as the request says.
	 */
	public static final MethodDescriptor<byte[], byte[]> UNARY = method("Unary", MethodType.UNARY);

	/**
	 * Sends a message every 100 ms for as many milliseconds as the request says.
	 */
	public static final MethodDescriptor<byte[], byte[]> SERVER_STREAM = method("ServerStream",
			MethodType.SERVER_STREAMING);

	/**
	 * Sends every message back.
	 */
	public static final MethodDescriptor<byte[], byte[]> BIDI_STREAM = method("BidiStream", MethodType.BIDI_STREAMING);

	private LoadMethods() {
	}

	/**
	 * Create a descriptor of a method whose messages are bytes.
	 * @param name the full name of the method
	 * @param type its kind
	 * @return the descriptor
	 */
	public static MethodDescriptor<byte[], byte[]> bytes(String name, MethodType type) {
		return MethodDescriptor.<byte[], byte[]>newBuilder()
			.setType(type)
			.setFullMethodName(name)
			.setRequestMarshaller(new BytesMarshaller())
			.setResponseMarshaller(new BytesMarshaller())
			.build();
	}

	/**
	 * A message of one number.
	 * @param value the number
	 * @return the message
	 */
	public static byte[] number(long value) {
		return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
	}

	/**
	 * The number in a message.
	 * @param message the message
	 * @return the number
	 */
	public static long number(byte[] message) {
		return ByteBuffer.wrap(message).getLong();
	}

	private static MethodDescriptor<byte[], byte[]> method(String name, MethodType type) {
		return bytes(MethodDescriptor.generateFullMethodName(SERVICE, name), type);
	}

	/**
	 * Allocates what the message needs and nothing else, and tells its length as
	 * protobuf's marshaller does.
	 */
	private static final class BytesMarshaller implements MethodDescriptor.Marshaller<byte[]> {

		@Override
		public InputStream stream(byte[] value) {
			return new Bytes(value);
		}

		@Override
		public byte[] parse(InputStream stream) {
			try {
				byte[] message = new byte[stream.available()];
				if (stream.readNBytes(message, 0, message.length) < message.length || stream.read() >= 0) {
					throw new IOException("The stream does not know its length");
				}
				return message;
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

	}

	private static final class Bytes extends ByteArrayInputStream implements KnownLength, Drainable {

		Bytes(byte[] bytes) {
			super(bytes);
		}

		@Override
		public int drainTo(OutputStream target) throws IOException {
			return Math.toIntExact(transferTo(target));
		}

	}

}
