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

package io.github.lastcall.grpc.server;

import java.io.IOException;
import java.util.List;

import io.grpc.ServerBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.StringUtils;

/**
 * Factory for servers for channels in the same process, without a socket.
 *
 * @hidden
 */
public final class InProcessGrpcServerFactory implements AopInfrastructureBean, GrpcServerFactory {

	private final String name;

	private final String nameProperty;

	/**
	 * Creates a new factory.
	 * @param name the name that channels connect to, unique in the process; {@code null}
	 * for a generated name, which stays the same when the server starts again
	 * @param nameProperty the property that the name comes from, for error messages
	 */
	public InProcessGrpcServerFactory(@Nullable String name, String nameProperty) {
		this.name = (name != null && StringUtils.hasText(name)) ? name : InProcessServerBuilder.generateName();
		this.nameProperty = nameProperty;
	}

	@Override
	public ServerBuilder<?> newBuilder() {
		return InProcessServerBuilder.forName(this.name);
	}

	@Override
	public GrpcServerStartException bindFailure(IOException failure) {
		return new GrpcServerStartException(
				"The in-process name '%s' is already used by another gRPC server in this process.".formatted(this.name),
				"Set %s to a different name, or remove it: each application then gets a generated name."
					.formatted(this.nameProperty),
				List.of(this.nameProperty), failure);
	}

}
