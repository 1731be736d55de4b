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

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import io.github.lastcall.grpc.call.Connections;
import io.github.lastcall.grpc.call.InFlightCalls;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.limits.Refusals;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.Assert;

/**
 * The servers of one application context, without those of its parents.
 */
final class GrpcServers implements AopInfrastructureBean {

	private final Map<ServerType, Parts> servers = new EnumMap<>(ServerType.class);

	GrpcServers(List<ServerType> types, Function<ServerType, Parts> factory) {
		types.forEach((type) -> this.servers.put(type, factory.apply(type)));
	}

	Parts get(ServerType type) {
		Parts parts = this.servers.get(type);
		Assert.state(parts != null, () -> "No server of type " + type);
		return parts;
	}

	List<GrpcServerDrain> drains() {
		return this.servers.values().stream().map(Parts::drain).toList();
	}

	List<GrpcServerDrain> drainsOfApplication() {
		return this.servers.values()
			.stream()
			.filter((parts) -> parts.type().servesApplication())
			.map(Parts::drain)
			.toList();
	}

	List<Refusals> refusals() {
		return this.servers.values().stream().map(Parts::refusals).toList();
	}

	/**
	 * Parts of one server that exist even while it is not running.
	 *
	 * @param type the type of the server
	 * @param refusals the refused calls and connections
	 * @param connections the open connections
	 * @param calls the calls in flight
	 */
	record Parts(ServerType type, Refusals refusals, Connections connections, InFlightCalls calls,
			GrpcServerDrain drain) {

		String name() {
			return this.type.serverName();
		}

	}

}
