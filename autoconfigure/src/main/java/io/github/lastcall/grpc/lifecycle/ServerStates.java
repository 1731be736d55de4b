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

package io.github.lastcall.grpc.lifecycle;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.core.PriorityOrdered;

/**
 * The states of all servers of an application that have been started. Notified before
 * other listeners, which therefore find the new state here.
 *
 * @hidden
 */
public final class ServerStates implements AopInfrastructureBean, GrpcServerStateListener, PriorityOrdered {

	private final Map<String, GrpcServerState> states = new ConcurrentHashMap<>();

	@Override
	public void stateChanged(String server, GrpcServerState from, GrpcServerState to) {
		this.states.put(server, to);
	}

	/**
	 * Returns whether all servers are in a state that matches.
	 * @return whether all match, {@code true} if there is no server
	 */
	public boolean allMatch(Predicate<GrpcServerState> predicate) {
		return this.states.values().stream().allMatch(predicate);
	}

	@Override
	public int getOrder() {
		return HIGHEST_PRECEDENCE;
	}

}
