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

import java.util.concurrent.TimeUnit;

import io.github.lastcall.benchmarks.service.LoadMethods;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;

/**
 * A kind of call that clients make.
 *
 * @param name its name in options and results
 * @param method the method
 * @param millis how long a call takes
 */
record CallKind(String name, MethodDescriptor<byte[], byte[]> method, long millis) {

	private static final long STREAM_MILLIS = 30_000;

	private static final long TICK_MILLIS = 100;

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
	 * Make a call.
	 * @param channel the channel
	 * @param millis how long it takes
	 * @param load sends the messages of a bidirectional stream
	 * @param end called when the call has ended
	 */
	void start(Channel channel, long millis, LoadTimer load, CallEnd end) {
		// Long enough for everything but a call that is never answered at all.
		CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(millis + 20_000, TimeUnit.MILLISECONDS);
		ClientCall<byte[], byte[]> call = channel.newCall(this.method, options);
		call.start(new ClientCall.Listener<>() {

			@Override
			public void onMessage(byte[] message) {
				call.request(1);
			}

			@Override
			public void onClose(Status status, Metadata trailers) {
				end.ended(status);
			}

		}, new Metadata());
		call.request(2);
		call.sendMessage(LoadMethods.number(millis));
		if (this.method.getType() == MethodDescriptor.MethodType.BIDI_STREAMING) {
			chat(call, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis), load);
		}
		else {
			call.halfClose();
		}
	}

	private void chat(ClientCall<byte[], byte[]> call, long end, LoadTimer load) {
		load.in(TICK_MILLIS, () -> {
			if (System.nanoTime() >= end) {
				call.halfClose();
				return;
			}
			// After the end of the call a message goes nowhere.
			call.sendMessage(LoadMethods.number(0));
			chat(call, end, load);
		});
	}

	/**
	 * Told of the end of a call.
	 */
	@FunctionalInterface
	interface CallEnd {

		void ended(Status status);

	}

}
