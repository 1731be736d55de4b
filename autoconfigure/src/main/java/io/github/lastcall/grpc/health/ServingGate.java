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

package io.github.lastcall.grpc.health;

import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.lifecycle.GrpcServerStateListener;
import io.github.lastcall.grpc.lifecycle.ServerStates;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Listener that opens the gate of the status table while all servers serve, and closes it
 * as soon as one of them does not.
 *
 * @hidden
 */
public final class ServingGate implements AopInfrastructureBean, GrpcServerStateListener {

	private final ServingStatusTable table;

	private final ServerStates servers;

	/**
	 * Creates a new gate.
	 * @param table the status table
	 * @param servers the states of all servers
	 */
	public ServingGate(ServingStatusTable table, ServerStates servers) {
		this.table = table;
		this.servers = servers;
	}

	@Override
	public void stateChanged(String server, GrpcServerState from, GrpcServerState to) {
		// The table evaluates it later, in its own order, and holds no lock meanwhile.
		this.table.gate(this::isServing);
	}

	private boolean isServing() {
		return this.servers.allMatch((state) -> state == GrpcServerState.SERVING);
	}

}
