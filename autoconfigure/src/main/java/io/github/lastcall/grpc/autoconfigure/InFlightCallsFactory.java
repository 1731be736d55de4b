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

package io.github.lastcall.grpc.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

import io.github.lastcall.grpc.call.AbandonedHandlers;
import io.github.lastcall.grpc.call.CallGuards;
import io.github.lastcall.grpc.call.CallHooks;
import io.github.lastcall.grpc.call.CallRecorder;
import io.github.lastcall.grpc.call.InFlightCalls;
import io.github.lastcall.grpc.call.LostCallbacks;
import io.github.lastcall.grpc.error.CallErrors;
import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.executor.ThreadState;
import io.github.lastcall.grpc.executor.ThreadStates;
import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.InfrastructureStreams;
import io.github.lastcall.grpc.limits.OutboundBuffers;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.limits.RetryPushback;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;

/**
 * Creates the {@link InFlightCalls} of each server. The limits of the memory of messages
 * and of streams of infrastructure services are shared by all servers.
 */
final class InFlightCallsFactory implements AopInfrastructureBean {

	private final GrpcServerProperties properties;

	private final ServerTimer timer;

	private final InfrastructureStreams infrastructureStreams;

	private final InboundMemory inboundMemory;

	private final OutboundBuffers outboundBuffers;

	private final ObjectProvider<CallRecorder.Factory> recorders;

	private final ObjectProvider<CallHooks.Factory> hooks;

	private final CallErrors errors;

	private final List<ThreadState> threadStates;

	private final ServerTimer watchdogTimer;

	private final ServerTimer lostCallbacksTimer;

	InFlightCallsFactory(GrpcServerProperties properties, ServerTimer timer,
			InfrastructureStreams infrastructureStreams, InboundMemory inboundMemory, OutboundBuffers outboundBuffers,
			ObjectProvider<CallRecorder.Factory> recorders, ObjectProvider<CallHooks.Factory> hooks, CallErrors errors,
			List<ThreadState> threadStates, ServerTimer watchdogTimer, ServerTimer lostCallbacksTimer) {
		this.properties = properties;
		this.timer = timer;
		this.infrastructureStreams = infrastructureStreams;
		this.inboundMemory = inboundMemory;
		this.outboundBuffers = outboundBuffers;
		this.recorders = recorders;
		this.hooks = hooks;
		this.errors = errors;
		this.threadStates = threadStates;
		this.watchdogTimer = watchdogTimer;
		this.lostCallbacksTimer = lostCallbacksTimer;
	}

	InFlightCalls create(ServerType type, Refusals refusals) {
		if (!type.servesApplication()) {
			return create(Integer.MAX_VALUE, refusals, () -> null, () -> null,
					new CallGuards(ThreadStates.NONE, AbandonedHandlers.IGNORED, LostCallbacks.IGNORED,
							this.outboundBuffers, Duration.ZERO, new RetryPushback(Duration.ZERO), null));
		}
		GrpcServerProperties.Limits limits = this.properties.limits();
		return create(limits.maxConcurrentCalls(), refusals, this.recorders::getIfAvailable, this.hooks::getIfAvailable,
				new CallGuards(new ThreadStates(this.threadStates), abandonedHandlers(),
						new LostCallbacks(this.lostCallbacksTimer), this.outboundBuffers, limits.queueDelay(),
						new RetryPushback(limits.retryPushback()), this.errors));
	}

	private InFlightCalls create(int limit, Refusals refusals, Supplier<CallRecorder.@Nullable Factory> recorders,
			Supplier<CallHooks.@Nullable Factory> hooks, CallGuards guards) {
		return new InFlightCalls(this.timer, limit, this.infrastructureStreams, this.inboundMemory, refusals, recorders,
				hooks, guards);
	}

	private AbandonedHandlers abandonedHandlers() {
		GrpcServerProperties.Executor executor = this.properties.executor();
		return executor.cancelledWarning().isZero() ? AbandonedHandlers.IGNORED
				: new AbandonedHandlers(executor.cancelledWarning(), executor.interruptCancelled(), this.watchdogTimer);
	}

}
