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

import io.github.lastcall.grpc.call.CallHooks;
import io.github.lastcall.grpc.call.CallRecorder;
import io.github.lastcall.grpc.error.CallErrors;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.executor.ThreadServerTimer;
import io.github.lastcall.grpc.executor.ThreadState;
import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.InfrastructureStreams;
import io.github.lastcall.grpc.limits.OutboundBuffers;
import io.github.lastcall.grpc.server.Codecs;
import io.grpc.Codec;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;

/**
 * Executor, timers and codecs that the calls of all servers share.
 */
@Configuration(proxyBeanMethods = false)
class CallConfiguration implements AopInfrastructureBean {

	@Bean
	InFlightCallsFactory lastCallInFlightCallsFactory(GrpcServerProperties properties, ServerTimer timer,
			InfrastructureStreams infrastructureStreams, InboundMemory inboundMemory, OutboundBuffers outboundBuffers,
			ObjectProvider<CallRecorder.Factory> recorders, ObjectProvider<CallHooks.Factory> hooks, CallErrors errors,
			ObjectProvider<ThreadState> threadStates, @Qualifier("lastCallWatchdogTimer") ServerTimer watchdogTimer,
			@Qualifier("lastCallLostCallbacksTimer") ServerTimer lostCallbacksTimer) {
		return new InFlightCallsFactory(properties, timer, infrastructureStreams, inboundMemory, outboundBuffers,
				recorders, hooks, errors, threadStates.orderedStream().toList(), watchdogTimer, lostCallbacksTimer);
	}

	@Bean(defaultCandidate = false)
	@ConditionalOnMissingBean(name = "lastCallWatchdogTimer")
	ThreadServerTimer lastCallWatchdogTimer() {
		return new ThreadServerTimer("grpc-watchdog");
	}

	@Bean(defaultCandidate = false)
	@ConditionalOnMissingBean(name = "lastCallLostCallbacksTimer")
	ThreadServerTimer lastCallLostCallbacksTimer() {
		return new ThreadServerTimer("grpc-lost-callbacks");
	}

	@Bean
	@Order(Ordered.HIGHEST_PRECEDENCE)
	Codecs lastCallCodecs(ObjectProvider<Codec> codecs) {
		return new Codecs(codecs.orderedStream().toList());
	}

	/**
	 * Default executor, absent if the application defines one.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnMissingBean(ServerExecutor.class)
	static class ExecutorConfiguration implements AopInfrastructureBean {

		@Bean
		ServerExecutor lastCallServerExecutor(GrpcServerProperties properties, Environment environment) {
			return properties.executor().create(environment);
		}

	}

}
