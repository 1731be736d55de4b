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

import java.util.ArrayList;
import java.util.List;

import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;

/**
 * The services of one server, interceptors included.
 *
 * @param application what the user's {@link GrpcService @GrpcService} beans bind
 * @param infrastructure what this library adds: health, reflection
 */
public record GrpcServices(List<ServerServiceDefinition> application, List<ServerServiceDefinition> infrastructure) {

	public GrpcServices {
		application = List.copyOf(application);
		infrastructure = List.copyOf(infrastructure);
	}

	/**
	 * All of them, the application's first.
	 * @return all services
	 */
	public List<ServerServiceDefinition> all() {
		List<ServerServiceDefinition> all = new ArrayList<>(this.application);
		all.addAll(this.infrastructure);
		return all;
	}

	/**
	 * The full names of the application's services.
	 * @return names in the order of their beans
	 */
	public List<String> applicationNames() {
		return this.application.stream().map(GrpcServices::name).toList();
	}

	/**
	 * The full names of all services.
	 * @return names, the application's first
	 */
	public List<String> names() {
		return all().stream().map(GrpcServices::name).toList();
	}

	/**
	 * The full names of the methods of some services.
	 * @param services the services
	 * @return names such as {@code routeguide.RouteGuide/GetFeature}
	 */
	public static List<String> methodNames(List<ServerServiceDefinition> services) {
		List<String> names = new ArrayList<>();
		for (ServerServiceDefinition service : services) {
			for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
				names.add(method.getMethodDescriptor().getFullMethodName());
			}
		}
		return names;
	}

	private static String name(ServerServiceDefinition service) {
		return service.getServiceDescriptor().getName();
	}

}
