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

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.ProtoUtils;

/**
 * The methods of the call service. Messages are protobuf's, whose marshaller some servers
 * know a short way around.
 */
public final class CallMethods {

	/**
	 * The full name of the service.
	 */
	public static final String SERVICE = "lastcall.benchmarks.Calls";

	/**
	 * Sends the message back.
	 */
	public static final MethodDescriptor<BytesValue, BytesValue> ECHO = method("Echo", MethodType.UNARY);

	/**
	 * Sends as many messages of eight bytes as the request says.
	 */
	public static final MethodDescriptor<BytesValue, BytesValue> STREAM = method("Stream", MethodType.SERVER_STREAMING);

	/**
	 * Sends every message back.
	 */
	public static final MethodDescriptor<BytesValue, BytesValue> PING_PONG = method("PingPong",
			MethodType.BIDI_STREAMING);

	/**
	 * Does the {@link Work} that the request says.
	 */
	public static final MethodDescriptor<BytesValue, BytesValue> WORK = method("Work", MethodType.UNARY);

	private CallMethods() {
	}

	/**
	 * A message.
	 * @param bytes what is in it
	 * @return the message
	 */
	public static BytesValue message(byte[] bytes) {
		return BytesValue.of(ByteString.copyFrom(bytes));
	}

	private static MethodDescriptor<BytesValue, BytesValue> method(String name, MethodType type) {
		return MethodDescriptor.<BytesValue, BytesValue>newBuilder()
			.setType(type)
			.setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, name))
			.setRequestMarshaller(ProtoUtils.marshaller(BytesValue.getDefaultInstance()))
			.setResponseMarshaller(ProtoUtils.marshaller(BytesValue.getDefaultInstance()))
			.build();
	}

}
