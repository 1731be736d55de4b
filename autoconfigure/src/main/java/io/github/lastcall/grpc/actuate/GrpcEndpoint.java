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

package io.github.lastcall.grpc.actuate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import io.github.lastcall.grpc.health.HealthSettings;
import io.github.lastcall.grpc.health.ServingStatusTable;
import io.github.lastcall.grpc.server.GrpcServer;
import io.github.lastcall.grpc.shutdown.GrpcServerDrain;
import io.github.lastcall.grpc.shutdown.GrpcServerState;
import io.github.lastcall.grpc.shutdown.GrpcServerStatus;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;

/**
 * {@code /actuator/grpc}: the servers, their services, and what health tells of them and
 * why.
 */
@Endpoint(id = "grpc")
public final class GrpcEndpoint {

	private final List<GrpcServerDrain> drains;

	private final ServingStatusTable statuses;

	private final HealthSettings healthSettings;

	/**
	 * Create a new endpoint.
	 * @param drains know the servers
	 * @param statuses the serving statuses
	 * @param healthSettings the settings of health
	 */
	public GrpcEndpoint(List<GrpcServerDrain> drains, ServingStatusTable statuses, HealthSettings healthSettings) {
		this.drains = List.copyOf(drains);
		this.statuses = statuses;
		this.healthSettings = healthSettings;
	}

	/**
	 * Describe everything.
	 * @return the description
	 */
	@ReadOperation
	public GrpcDescriptor grpc() {
		List<ServerDescriptor> servers = new ArrayList<>();
		Map<String, ServiceDescriptor> services = new TreeMap<>();
		for (GrpcServerDrain drain : this.drains) {
			GrpcServerStatus status = drain.getStatus();
			GrpcServer server = status.server();
			servers.add(new ServerDescriptor(drain.getName(), (server != null) ? server.getAddress() : null,
					(server != null) ? server.getPort() : null, status.state(), status.since(), status.failed(),
					drain.getConnections(), drain.getCallsInFlight()));
			if (server != null) {
				List<String> application = server.getServices().applicationNames();
				for (ServerServiceDefinition service : server.getServices().all()) {
					String name = service.getServiceDescriptor().getName();
					services.putIfAbsent(name, service(service, !application.contains(name)));
				}
			}
		}
		return new GrpcDescriptor(servers, services, health());
	}

	private HealthDescriptor health() {
		Map<String, StatusDescriptor> statuses = new TreeMap<>();
		this.statuses.describe()
			.forEach((name, description) -> statuses.put(name, new StatusDescriptor(description.status(),
					text(description.source()), description.group(), description.override(), description.watchers())));
		return new HealthDescriptor(this.healthSettings.sampleInterval(), this.healthSettings.sampleTimeout(),
				text(this.healthSettings.notServingAs()), statuses);
	}

	private static ServiceDescriptor service(ServerServiceDefinition service, boolean infrastructure) {
		Map<String, MethodDescription> methods = new TreeMap<>();
		for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
			MethodDescriptor<?, ?> descriptor = method.getMethodDescriptor();
			String request = null;
			String response = null;
			if (descriptor.getSchemaDescriptor() instanceof ProtoMethodDescriptorSupplier schema) {
				request = schema.getMethodDescriptor().getInputType().getFullName();
				response = schema.getMethodDescriptor().getOutputType().getFullName();
			}
			methods.put(String.valueOf(descriptor.getBareMethodName()),
					new MethodDescription(text(descriptor.getType()), request, response));
		}
		return new ServiceDescriptor(infrastructure, methods);
	}

	private static String text(MethodType type) {
		return switch (type) {
			case UNARY -> "unary";
			case CLIENT_STREAMING -> "client streaming";
			case SERVER_STREAMING -> "server streaming";
			case BIDI_STREAMING -> "bidirectional streaming";
			case UNKNOWN -> "unknown";
		};
	}

	private static String text(Enum<?> value) {
		return value.name().toLowerCase(Locale.ROOT);
	}

	/**
	 * The answer.
	 *
	 * @param servers the servers
	 * @param services the services by full name
	 * @param health what health tells
	 */
	public record GrpcDescriptor(List<ServerDescriptor> servers, Map<String, ServiceDescriptor> services,
			HealthDescriptor health) implements OperationResponseBody {

	}

	/**
	 * A server.
	 *
	 * @param name its name
	 * @param address where it listens, {@code *} for all interfaces
	 * @param port its port, -1 if it listens on none
	 * @param state its state
	 * @param since when the state began
	 * @param failed whether it is stopped because it could not start or has died
	 * @param connections how many connections are open
	 * @param callsInFlight how many calls of the application are in flight
	 */
	public record ServerDescriptor(String name, @Nullable String address, @Nullable Integer port, GrpcServerState state,
			Instant since, boolean failed, int connections, int callsInFlight) {

	}

	/**
	 * A service.
	 *
	 * @param infrastructure whether it belongs to the server and not to the application
	 * @param methods its methods by name
	 */
	public record ServiceDescriptor(boolean infrastructure, Map<String, MethodDescription> methods) {

	}

	/**
	 * A method.
	 *
	 * @param type its kind
	 * @param request the full name of the message that it takes
	 * @param response the full name of the message that it gives
	 */
	public record MethodDescription(String type, @Nullable String request, @Nullable String response) {

	}

	/**
	 * What health tells, and how it is found out.
	 *
	 * @param sampleInterval how often the health indicators are asked
	 * @param sampleTimeout how long one may take
	 * @param notServingAs how Check tells NOT_SERVING
	 * @param statuses statuses by name; the empty name is the server as a whole
	 */
	public record HealthDescriptor(Duration sampleInterval, Duration sampleTimeout, String notServingAs,
			Map<String, StatusDescriptor> statuses) {

	}

	/**
	 * The serving status of a name.
	 *
	 * @param status the status
	 * @param source why it is that: group, override or drain
	 * @param group the health group that it follows
	 * @param override what user code says
	 * @param watchers how many clients watch it
	 */
	public record StatusDescriptor(ServingStatus status, String source, @Nullable String group,
			@Nullable ServingStatus override, int watchers) {

	}

}
