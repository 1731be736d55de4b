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

import io.github.lastcall.grpc.call.InFlightCalls;
import io.github.lastcall.grpc.limits.Refusals;

import org.springframework.context.ApplicationContext;

/**
 * Parts of the servers of an application, by the name of the server.
 */
public final class ServersOf {

	private ServersOf() {
	}

	public static Refusals refusals(ApplicationContext context, String server) {
		return context.getBean(GrpcServers.class)
			.refusals()
			.stream()
			.filter((refusals) -> refusals.getServer().equals(server))
			.findFirst()
			.orElseThrow();
	}

	public static InFlightCalls calls(ApplicationContext context) {
		return context.getBean(GrpcServers.class).get(ServerType.NETWORK).calls();
	}

}
