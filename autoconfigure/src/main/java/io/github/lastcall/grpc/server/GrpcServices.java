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

import java.util.List;
import java.util.stream.Stream;

import io.grpc.ServerServiceDefinition;

/**
 * Services of one server, including their interceptors.
 *
 * @param application the services bound by {@link GrpcService @GrpcService} beans
 * @param infrastructure the services added by this library: health and reflection
 * @param unbound the names of annotated beans that bind no service, such as mocks
 */
public record GrpcServices(List<Registration> application, List<ServerServiceDefinition> infrastructure,
		List<String> unbound) {

	public GrpcServices {
		application = List.copyOf(application);
		infrastructure = List.copyOf(infrastructure);
		unbound = List.copyOf(unbound);
	}

	/**
	 * Creates services without unbound beans.
	 * @param application the services bound by {@link GrpcService @GrpcService} beans
	 * @param infrastructure the services added by this library
	 */
	public GrpcServices(List<Registration> application, List<ServerServiceDefinition> infrastructure) {
		this(application, infrastructure, List.of());
	}

	/**
	 * Returns all services, the application's first.
	 * @return all services
	 */
	public List<ServerServiceDefinition> all() {
		return Stream.concat(this.application.stream().map(Registration::definition), this.infrastructure.stream())
			.toList();
	}

	/**
	 * Returns the full names of the application's services.
	 * @return names in the order of their beans
	 */
	public List<String> applicationNames() {
		return this.application.stream().map(Registration::name).toList();
	}

	/**
	 * Returns the full names of all services.
	 * @return names, the application's first
	 */
	public List<String> names() {
		return all().stream().map((service) -> service.getServiceDescriptor().getName()).toList();
	}

	/**
	 * Service of the application.
	 *
	 * @param beanName the name of the bean that binds it
	 * @param annotation the annotation of the bean
	 * @param definition the service, interceptors included
	 */
	public record Registration(String beanName, GrpcService annotation, ServerServiceDefinition definition) {

		/**
		 * Returns the full name of the service.
		 * @return the name
		 */
		public String name() {
			return this.definition.getServiceDescriptor().getName();
		}

	}

}
