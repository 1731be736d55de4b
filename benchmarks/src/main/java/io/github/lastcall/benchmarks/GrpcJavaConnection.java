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
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;

/**
 * A channel of grpc-java's.
 */
final class GrpcJavaConnection implements Connection {

	private static final long TICK_MILLIS = 100;

	private final ManagedChannel channel;

	private final LoadTimer timer;

	/**
	 * Create a new connection.
	 * @param builder knows the target
	 * @param timer sends the messages of bidirectional streams
	 */
	GrpcJavaConnection(ManagedChannelBuilder<?> builder, LoadTimer timer) {
		this.channel = builder.usePlaintext().disableRetry().directExecutor().build();
		this.timer = timer;
	}

	@Override
	public void call(CallKind kind, long millis, CallEnd end) {
		CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(CallKind.timeoutMillis(millis),
				TimeUnit.MILLISECONDS);
		ClientCall<byte[], byte[]> call = this.channel.newCall(kind.method(), options);
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
		if (kind.method().getType() == MethodDescriptor.MethodType.BIDI_STREAMING) {
			chat(call, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis));
		}
		else {
			call.halfClose();
		}
	}

	private void chat(ClientCall<byte[], byte[]> call, long end) {
		this.timer.in(TICK_MILLIS, () -> {
			if (System.nanoTime() >= end) {
				call.halfClose();
				return;
			}
			// After the end of the call a message goes nowhere.
			call.sendMessage(LoadMethods.number(0));
			chat(call, end);
		});
	}

	@Override
	public void close() {
		this.channel.shutdown();
	}

}
