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

import io.github.lastcall.benchmarks.service.LoadMethods;
import io.grpc.MethodDescriptor;

/**
 * A kind of call that clients make.
 *
 * @param name its name in options and results
 * @param method the method
 * @param millis how long a call takes
 */
record CallKind(String name, MethodDescriptor<byte[], byte[]> method, long millis) {

	private static final long STREAM_MILLIS = 30_000;

	static CallKind named(String name) {
		return switch (name) {
			case "unary-5ms" -> new CallKind(name, LoadMethods.UNARY, 5);
			case "unary-100ms" -> new CallKind(name, LoadMethods.UNARY, 100);
			case "unary-2s" -> new CallKind(name, LoadMethods.UNARY, 2000);
			case "server-stream" -> new CallKind(name, LoadMethods.SERVER_STREAM, STREAM_MILLIS);
			case "bidi-stream" -> new CallKind(name, LoadMethods.BIDI_STREAM, STREAM_MILLIS);
			default -> throw new IllegalArgumentException("No such kind of call: " + name);
		};
	}

	boolean isStream() {
		return this.method.getType() != MethodDescriptor.MethodType.UNARY;
	}

	/**
	 * Long enough for everything but a call that is never answered at all.
	 * @param millis how long the call takes
	 */
	static long timeoutMillis(long millis) {
		return millis + 20_000;
	}

}
