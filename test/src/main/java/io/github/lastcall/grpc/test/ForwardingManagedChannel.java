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

package io.github.lastcall.grpc.test;

import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;

/**
 * Channel that makes its calls on another one, such as an intercepted one.
 */
final class ForwardingManagedChannel extends ManagedChannel {

	private final Supplier<ManagedChannel> channel;

	private final Channel calls;

	ForwardingManagedChannel(Supplier<ManagedChannel> channel, Channel calls) {
		this.channel = channel;
		this.calls = calls;
	}

	@Override
	public <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> method, CallOptions options) {
		return this.calls.newCall(method, options);
	}

	@Override
	public String authority() {
		return this.calls.authority();
	}

	@Override
	public ManagedChannel shutdown() {
		this.channel.get().shutdown();
		return this;
	}

	@Override
	public ManagedChannel shutdownNow() {
		this.channel.get().shutdownNow();
		return this;
	}

	@Override
	public boolean isShutdown() {
		return this.channel.get().isShutdown();
	}

	@Override
	public boolean isTerminated() {
		return this.channel.get().isTerminated();
	}

	@Override
	public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
		return this.channel.get().awaitTermination(timeout, unit);
	}

}
