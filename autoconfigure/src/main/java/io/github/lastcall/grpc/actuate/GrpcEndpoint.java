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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.executor.ServerThreadPool;
import io.github.lastcall.grpc.health.HealthSettings;
import io.github.lastcall.grpc.health.ServingStatusTable;
import io.github.lastcall.grpc.lifecycle.DrainControl;
import io.github.lastcall.grpc.lifecycle.GrpcServer;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.lifecycle.GrpcServerStatus;
import io.github.lastcall.grpc.tls.CertificateRotation;
import io.github.lastcall.grpc.tls.ServerCertificate;
import io.github.lastcall.grpc.tls.TlsStatus;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/**
 * Actuator endpoint {@code /actuator/grpc} with the servers, their services and calls in
 * flight, and the serving statuses with their source. {@code POST /actuator/grpc/drain}
 * takes the servers out of service, {@code /resume} brings them back. Both require
 * {@code management.endpoint.grpc.access=unrestricted}.
 */
@Endpoint(id = "grpc", defaultAccess = Access.READ_ONLY)
public final class GrpcEndpoint implements AopInfrastructureBean {

	private static final int STATUS_CONFLICT = 409;

	private final List<GrpcServerDrain> drains;

	private final ServingStatusTable statuses;

	private final HealthSettings healthSettings;

	private final DrainControl control;

	private final @Nullable CertificateRotation tls;

	private final ServerExecutor executor;

	private final Function<MethodDescriptor<?, ?>, @Nullable String> authorization;

	/**
	 * Creates a new endpoint.
	 * @param drains the drains of the servers
	 * @param statuses the serving statuses
	 * @param control drains and resumes the servers
	 * @param tls the TLS of the server, {@code null} for plaintext
	 * @param executor the executor of the servers
	 * @param authorization describes who may call a method, {@code null} if calls are not
	 * secured
	 */
	public GrpcEndpoint(List<GrpcServerDrain> drains, ServingStatusTable statuses, HealthSettings healthSettings,
			DrainControl control, @Nullable CertificateRotation tls, ServerExecutor executor,
			Function<MethodDescriptor<?, ?>, @Nullable String> authorization) {
		this.drains = List.copyOf(drains);
		this.statuses = statuses;
		this.healthSettings = healthSettings;
		this.control = control;
		this.tls = tls;
		this.executor = executor;
		this.authorization = authorization;
	}

	/**
	 * Describes the servers, services and serving statuses.
	 */
	@ReadOperation
	public GrpcDescriptor grpc() {
		Map<String, ServiceDescriptor> services = new TreeMap<>();
		for (GrpcServerDrain drain : this.drains) {
			GrpcServer server = drain.getStatus().server();
			if (server != null) {
				List<String> application = server.getServices().applicationNames();
				for (ServerServiceDefinition service : server.getServices().all()) {
					String name = service.getServiceDescriptor().getName();
					services.putIfAbsent(name, service(service, !application.contains(name)));
				}
				for (ServerServiceDefinition service : server.getAddedServices()) {
					services.putIfAbsent(service.getServiceDescriptor().getName(), service(service, false));
				}
			}
		}
		return new GrpcDescriptor(servers(), services, health(), ssl(), executor());
	}

	/**
	 * Takes the servers out of service or resumes them.
	 * @param operation {@code drain} or {@code resume}
	 * @return the servers afterwards; with status 409 if the application is stopping and
	 * cannot be resumed
	 */
	@WriteOperation
	public WebEndpointResponse<List<ServerDescriptor>> operate(@Selector String operation) {
		switch (operation) {
			case "drain" -> this.control.drain();
			case "resume" -> this.control.resume();
			default -> throw new InvalidEndpointRequestException("Unknown operation '%s'".formatted(operation),
					"Use drain or resume");
		}
		boolean refused = operation.equals("resume") && this.control.isStopping();
		return new WebEndpointResponse<>(servers(), refused ? STATUS_CONFLICT : WebEndpointResponse.STATUS_OK);
	}

	private List<ServerDescriptor> servers() {
		return this.drains.stream().map(GrpcEndpoint::server).toList();
	}

	private static ServerDescriptor server(GrpcServerDrain drain) {
		GrpcServerStatus status = drain.getStatus();
		GrpcServer server = status.server();
		Map<String, CallsDescriptor> calls = new TreeMap<>();
		drain.getCalls()
			.byMethod()
			.forEach((method, inFlight) -> calls.put(method, new CallsDescriptor(inFlight.calls(), inFlight.oldest())));
		return new ServerDescriptor(drain.getName(), (server != null) ? server.getAddress() : null,
				(server != null) ? server.getPort() : null, status.state(), status.since(), status.failed(),
				drain.getConnections().count(), drain.getCalls().count(), calls);
	}

	private @Nullable ExecutorDescriptor executor() {
		return (this.executor.get() instanceof ServerThreadPool pool) ? new ExecutorDescriptor(pool.getPoolSize(),
				pool.getMaximumPoolSize(), pool.getActiveCount(), pool.getQueue().size(), pool.methods()) : null;
	}

	private @Nullable SslDescriptor ssl() {
		if (this.tls == null) {
			return null;
		}
		TlsStatus status = this.tls.getStatus();
		return new SslDescriptor(status.bundle(), text(status.clientAuthentication()), status.certificates(),
				status.since(), status.updates(), status.failedUpdates(), status.failure());
	}

	private HealthDescriptor health() {
		Map<String, StatusDescriptor> statuses = new TreeMap<>();
		this.statuses.describe()
			.forEach((name, description) -> statuses.put(name,
					new StatusDescriptor(description.status().name(), text(description.source()), description.group(),
							name(description.override()), description.watchers())));
		return new HealthDescriptor(this.healthSettings.sampleInterval(), this.healthSettings.sampleTimeout(),
				text(this.healthSettings.notServingAs()), statuses);
	}

	private ServiceDescriptor service(ServerServiceDefinition service, boolean infrastructure) {
		Map<String, MethodDescription> methods = new TreeMap<>();
		for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
			MethodDescriptor<?, ?> descriptor = method.getMethodDescriptor();
			String request = null;
			String response = null;
			if (descriptor.getSchemaDescriptor() instanceof ProtoMethodDescriptorSupplier schema) {
				request = schema.getMethodDescriptor().getInputType().getFullName();
				response = schema.getMethodDescriptor().getOutputType().getFullName();
			}
			methods.put(String.valueOf(descriptor.getBareMethodName()), new MethodDescription(
					text(descriptor.getType()), request, response, this.authorization.apply(descriptor)));
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

	private static @Nullable String name(@Nullable ServingStatus status) {
		return (status != null) ? status.name() : null;
	}

	private static String text(Enum<?> value) {
		return value.name().toLowerCase(Locale.ROOT);
	}

	/**
	 * Response of the endpoint.
	 *
	 * @param services the services by full name
	 * @param health the serving statuses
	 * @param ssl the TLS of the server, {@code null} for plaintext
	 * @param executor the pool of platform threads, {@code null} for other executors
	 */
	public record GrpcDescriptor(List<ServerDescriptor> servers, Map<String, ServiceDescriptor> services,
			HealthDescriptor health, @Nullable SslDescriptor ssl,
			@Nullable ExecutorDescriptor executor) implements OperationResponseBody {

	}

	/**
	 * TLS.
	 *
	 * @param bundle the name of the SSL bundle
	 * @param clientAuth whether clients must present a certificate
	 * @param certificates the certificates in use
	 * @param since the time since which they are in use
	 * @param updates the number of updates of the bundle in use so far
	 * @param failedUpdates the number of updates that could not be used
	 * @param failure why the last update could not be used
	 */
	public record SslDescriptor(String bundle, String clientAuth, List<ServerCertificate> certificates, Instant since,
			long updates, long failedUpdates, TlsStatus.@Nullable Failure failure) {

	}

	/**
	 * Pool of platform threads.
	 *
	 * @param threads the number of threads
	 * @param maxThreads the maximum number of threads
	 * @param active the number of threads that run a call
	 * @param waiting the number of calls that wait for a thread
	 * @param methods the methods called so far by full name
	 */
	public record ExecutorDescriptor(int threads, int maxThreads, int active, int waiting,
			Map<String, ServerThreadPool.MethodThreads> methods) {

	}

	/**
	 * Server.
	 *
	 * @param address the address, {@code *} for all interfaces
	 * @param port the port, -1 if none is open
	 * @param since the time at which the state began
	 * @param failed whether the server could not start or terminated unexpectedly
	 * @param connections the number of open connections
	 * @param callsInFlight the number of application calls in flight
	 * @param methodsInFlight the calls in flight by full method name
	 */
	public record ServerDescriptor(String name, @Nullable String address, @Nullable Integer port, GrpcServerState state,
			Instant since, boolean failed, int connections, int callsInFlight,
			Map<String, CallsDescriptor> methodsInFlight) {

	}

	/**
	 * Calls in flight of one method.
	 *
	 * @param calls the number of calls
	 * @param oldest the age of the oldest
	 */
	public record CallsDescriptor(int calls, Duration oldest) {

	}

	/**
	 * Service.
	 *
	 * @param infrastructure whether it belongs to the server and not to the application
	 * @param methods the methods by name
	 */
	public record ServiceDescriptor(boolean infrastructure, Map<String, MethodDescription> methods) {

	}

	/**
	 * Method.
	 *
	 * @param request the full name of the request message
	 * @param response the full name of the response message
	 * @param authorization who may call, {@code null} if calls are not secured
	 */
	public record MethodDescription(String type, @Nullable String request, @Nullable String response,
			@Nullable String authorization) {

	}

	/**
	 * Serving statuses and the settings of health.
	 *
	 * @param sampleInterval the time between two evaluations of the health indicators
	 * @param sampleTimeout the maximum time for an indicator to answer
	 * @param notServingAs how Check reports NOT_SERVING
	 * @param statuses the statuses by name; the empty name stands for the whole server
	 */
	public record HealthDescriptor(Duration sampleInterval, Duration sampleTimeout, String notServingAs,
			Map<String, StatusDescriptor> statuses) {

	}

	/**
	 * Serving status of a name.
	 *
	 * @param source the source of the status: group, availability, override or drain
	 * @param group the health group that it follows
	 * @param override the override set by the application
	 * @param watchers the number of watching clients
	 */
	public record StatusDescriptor(String status, String source, @Nullable String group, @Nullable String override,
			int watchers) {

	}

}
