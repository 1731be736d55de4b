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

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.health.HealthSettings;
import io.github.lastcall.grpc.lifecycle.ShutdownSettings;
import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.netty.ConnectionLimits;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.tls.ClientAuthentication;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.boot.cloud.CloudPlatform;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.system.JavaVersion;
import org.springframework.boot.thread.Threading;
import org.springframework.core.env.Environment;
import org.springframework.util.Assert;
import org.springframework.util.unit.DataSize;

/**
 * Properties under {@code grpc.server}.
 *
 * @param enabled Whether to start a gRPC server.
 * @param address Network addresses to listen on, all on the same port. * stands for all
 * interfaces. Defaults to all interfaces.
 * @param port Port to listen on. 0 picks a free port if there is one address; -1 opens
 * none, for an application that serves only a Unix domain socket or in-process channels.
 * @param unixDomainSocket Server on a Unix domain socket, in addition to the one on the
 * port.
 * @param inProcess Server for channels in the same process, in addition to the one on the
 * port.
 * @param flowControlWindow Amount of data that a client can send on a call, and on all
 * calls of a connection, before the server reads it. A window that is set does not grow.
 * Defaults to 1MB, growing on fast connections with a high latency.
 * @param compression Compression of messages.
 * @param keepAlive Keep-alive of connections.
 * @param connection Lifetime of connections.
 * @param executor Where the application's calls run.
 * @param error What clients receive if a handler throws an exception.
 * @param limits Limits on what clients can use.
 * @param ssl TLS.
 * @param reflection Server reflection.
 * @param health Health service.
 * @param validation Validation of requests.
 * @param security Who calls, and what they may do, with Spring Security.
 * @param shutdown Shutdown of the server.
 */
@ConfigurationProperties("grpc.server")
public record GrpcServerProperties(@DefaultValue("true") boolean enabled, @DefaultValue List<String> address,
		@DefaultValue("9090") int port, @DefaultValue UnixDomainSocket unixDomainSocket,
		@DefaultValue InProcess inProcess, @Nullable DataSize flowControlWindow, @DefaultValue Compression compression,
		@DefaultValue KeepAlive keepAlive, @DefaultValue Connection connection, @DefaultValue Executor executor,
		@DefaultValue Errors error, @DefaultValue Limits limits, @DefaultValue Ssl ssl,
		@DefaultValue Reflection reflection, @DefaultValue Health health, @DefaultValue Validation validation,
		@DefaultValue Security security, @DefaultValue Shutdown shutdown) implements AopInfrastructureBean {

	private static final String ALL_INTERFACES = "*";

	public GrpcServerProperties {
		PropertyChecks.size("grpc.server.flow-control-window", flowControlWindow);
		if (ssl.bundle() != null && port == -1 && unixDomainSocket.path() != null) {
			throw new GrpcServerStartException(
					"grpc.server.ssl.bundle has no effect on a Unix domain socket, and grpc.server.port is -1: all "
							+ "calls would be in plaintext, without client certificates.",
					"Set grpc.server.port to a port, or remove grpc.server.ssl.bundle.",
					List.of("grpc.server.ssl.bundle", "grpc.server.port"), null);
		}
	}

	/**
	 * Server on a Unix domain socket, for clients on the same machine.
	 *
	 * @param path Path of a Unix domain socket to listen on, for clients on the same
	 * machine. A stale socket file is replaced. Defaults to no socket.
	 */
	public record UnixDomainSocket(@Nullable Path path) {

	}

	/**
	 * Server for channels in the same process.
	 *
	 * @param enabled Whether to start a server for channels in the same process. Defaults
	 * to true if grpc.server.in-process.name is set, false otherwise.
	 * @param name Name that in-process channels connect to, unique within the process.
	 * Defaults to a generated name.
	 */
	public record InProcess(@Nullable Boolean enabled, @Nullable String name) {

	}

	/**
	 * Compression of responses. Compressed requests are always accepted.
	 *
	 * @param responses Codec for responses to clients that accept it, such as "gzip". A
	 * handler can override it for its call. Defaults to no compression.
	 */
	public record Compression(@Nullable String responses) {

	}

	/**
	 * Keep-alive of connections: the PINGs that the server sends and those that it
	 * accepts.
	 *
	 * @param time Time without activity on a connection after which the server sends a
	 * PING to check that the client is alive. At least 10s.
	 * @param timeout Time to wait for the answer to a keep-alive PING before the
	 * connection is closed.
	 * @param permit PINGs that the server accepts from clients.
	 */
	public record KeepAlive(@DefaultValue("2h") Duration time, @DefaultValue("20s") Duration timeout,
			@DefaultValue Permit permit) {

		public KeepAlive {
			PropertyChecks.atLeast("grpc.server.keep-alive.time", time, Duration.ofSeconds(10));
			PropertyChecks.positive("grpc.server.keep-alive.timeout", timeout);
		}

		/**
		 * PINGs that the server accepts from clients.
		 *
		 * @param time Minimum time between PINGs of a client. Connections of clients that
		 * send them more often are closed with GOAWAY "too_many_pings".
		 * @param withoutCalls Whether clients can send PINGs while they have no open
		 * call.
		 */
		public record Permit(@DefaultValue("5m") Duration time, @DefaultValue("false") boolean withoutCalls) {

			public Permit {
				PropertyChecks.notNegative("grpc.server.keep-alive.permit.time", time);
			}

		}

	}

	/**
	 * Lifetime of connections.
	 *
	 * @param maxIdle Time without calls after which a connection is closed. At least 1s.
	 * Defaults to unlimited.
	 * @param maxAge Maximum age of a connection, at least 1s. The client is then asked to
	 * reconnect, which lets a balancer choose another replica. Varied at random by up to
	 * 10%. Defaults to unlimited.
	 * @param maxAgeGrace Time for calls in flight to end on a connection that has reached
	 * its maximum age, before they are closed. Defaults to unlimited.
	 */
	public record Connection(@Nullable Duration maxIdle, @Nullable Duration maxAge, @Nullable Duration maxAgeGrace) {

		public Connection {
			PropertyChecks.atLeast("grpc.server.connection.max-idle", maxIdle, Duration.ofSeconds(1));
			PropertyChecks.atLeast("grpc.server.connection.max-age", maxAge, Duration.ofSeconds(1));
			PropertyChecks.notNegative("grpc.server.connection.max-age-grace", maxAgeGrace);
			if (maxAgeGrace != null && maxAge == null) {
				throw PropertyChecks.invalid("grpc.server.connection.max-age-grace",
						"has no effect unless grpc.server.connection.max-age is set",
						"Set grpc.server.connection.max-age too, or remove grpc.server.connection.max-age-grace.");
			}
		}

	}

	/**
	 * Where the application's calls run. A bean of type ServerExecutor replaces all of
	 * this; an executor named by a service applies to the calls of that service.
	 *
	 * @param type Type of the executor: "platform" for a pool of platform threads with a
	 * queue, "virtual" for a virtual thread per callback, or "direct" for the event loop,
	 * which handlers must never block. Defaults to "virtual" if
	 * spring.threads.virtual.enabled is true and Java supports it, "platform" otherwise.
	 * @param threads Maximum number of platform threads for the calls of one method. A
	 * tenth more can start for calls of other methods. Defaults to one thread per 512KB
	 * of memory of the container or machine, at least 200 and at most 2000.
	 * @param maxThreadsPerMethod Maximum number of platform threads for the calls of each
	 * method. Calls beyond it wait without keeping those of other methods waiting.
	 * "@GrpcService(maxThreadsPerMethod = ...)" takes precedence if it is less. Defaults
	 * to threads.
	 * @param queueCapacity Maximum number of calls that wait for a platform thread.
	 * Excess calls end with RESOURCE_EXHAUSTED. Defaults to unlimited, since
	 * grpc.server.limits.concurrent-calls limits the calls.
	 * @param blockWarning Time that a handler can occupy the event loop before its stack
	 * is logged, once per method. 0 disables the warning.
	 * @param cancelledWarning Time that a handler can continue after its call was
	 * cancelled before its stack and the number of such handlers are logged. 0 disables
	 * the warning.
	 * @param interruptCancelled Whether to interrupt handlers that continue for longer
	 * than cancelled-warning. Handlers on the event loop are never interrupted.
	 */
	public record Executor(@Nullable ExecutorType type, @Nullable Integer threads,
			@Nullable Integer maxThreadsPerMethod, @Nullable Integer queueCapacity,
			@DefaultValue("100ms") Duration blockWarning, @DefaultValue("30s") Duration cancelledWarning,
			@DefaultValue("false") boolean interruptCancelled) {

		private static final String PREFIX = "grpc.server.executor.";

		public Executor {
			PropertyChecks.positive(PREFIX + "threads", threads);
			PropertyChecks.positive(PREFIX + "max-threads-per-method", maxThreadsPerMethod);
			PropertyChecks.positive(PREFIX + "queue-capacity", queueCapacity);
			PropertyChecks.notNegative(PREFIX + "block-warning", blockWarning);
			PropertyChecks.notNegative(PREFIX + "cancelled-warning", cancelledWarning);
			if (interruptCancelled && cancelledWarning.isZero()) {
				throw PropertyChecks.invalid(PREFIX + "interrupt-cancelled",
						"has no effect: handlers are interrupted after %scancelled-warning, which is 0"
							.formatted(PREFIX),
						"Set %1$scancelled-warning to a positive duration, or remove %1$sinterrupt-cancelled."
							.formatted(PREFIX));
			}
		}

		ExecutorType typeIn(Environment environment) {
			if (this.type != null) {
				return this.type;
			}
			return Threading.VIRTUAL.isActive(environment) ? ExecutorType.VIRTUAL : ExecutorType.PLATFORM;
		}

		ServerExecutor create(Environment environment) {
			return switch (typeIn(environment)) {
				case PLATFORM -> platform();
				case VIRTUAL -> virtual();
				case DIRECT -> ServerExecutor.direct();
			};
		}

		private ServerExecutor platform() {
			int threads = (this.threads != null) ? this.threads : ServerExecutor.defaultThreads();
			return ServerExecutor.platform(threads,
					(this.maxThreadsPerMethod != null) ? this.maxThreadsPerMethod : threads,
					(this.queueCapacity != null) ? this.queueCapacity : Integer.MAX_VALUE);
		}

		private ServerExecutor virtual() {
			if (!JavaVersion.getJavaVersion().isEqualOrNewerThan(JavaVersion.TWENTY_ONE)) {
				throw new GrpcServerStartException(
						"The gRPC server cannot run calls on virtual threads: Java %s does not support them."
							.formatted(JavaVersion.getJavaVersion()),
						"Run the application on Java 21 or newer, or set %stype to platform.".formatted(PREFIX),
						List.of(PREFIX + "type"), null);
			}
			return ServerExecutor.virtual();
		}

	}

	/**
	 * The kinds of executors.
	 */
	public enum ExecutorType {

		/**
		 * Platform threads with a queue.
		 */
		PLATFORM,

		/**
		 * A virtual thread for each callback. Java 21 or newer.
		 */
		VIRTUAL,

		/**
		 * The event loop.
		 */
		DIRECT

	}

	/**
	 * What clients receive if a handler throws an exception.
	 *
	 * @param includeMessage Whether the status of an exception that nothing maps includes
	 * its class and message: "never" or "always".
	 * @param passDownstreamTrailers Whether clients receive all trailers of a status that
	 * a call to another server has ended with and that a handler throws. By default they
	 * receive its code, description and details.
	 */
	public record Errors(@DefaultValue("never") IncludeMessage includeMessage,
			@DefaultValue("false") boolean passDownstreamTrailers) {

	}

	/**
	 * Whether to include messages of exceptions.
	 */
	public enum IncludeMessage {

		/**
		 * Do not include them.
		 */
		NEVER,

		/**
		 * Include them.
		 */
		ALWAYS

	}

	/**
	 * Limits on what clients can use. Connections and calls beyond a limit are refused
	 * and counted by the meter grpc.server.refused.
	 *
	 * @param connections Maximum number of open connections. Excess connections are
	 * closed on accept. 0 means unlimited.
	 * @param concurrentCalls Maximum number of concurrent calls of the application.
	 * Excess calls end with RESOURCE_EXHAUSTED immediately. 0 means unlimited.
	 * @param concurrentCallsPerConnection Maximum number of concurrent calls per
	 * connection. Clients are told the limit and queue excess calls. 0 means unlimited.
	 * @param inboundMessageSize Maximum size of a message from a client. Calls with a
	 * larger message end with RESOURCE_EXHAUSTED, or with UNKNOWN if the limit is
	 * exceeded by decompression.
	 * @param inboundMetadataSize Maximum size of the metadata of a call, including 32
	 * bytes of overhead per entry. Calls with more are refused.
	 * @param inboundBufferSize Maximum memory for inbound messages, from their first byte
	 * until the handler has processed them, shared by all servers of the application. At
	 * least inbound-message-size; four times that is recommended. When it is exhausted,
	 * calls that hold more than 4KB of messages end with RESOURCE_EXHAUSTED. Defaults to
	 * half of the heap, or half of -XX:MaxDirectMemorySize if that is less.
	 * @param outboundMessageBuffer Maximum size of the messages of one call that its
	 * client has not read. Beyond it, the handler of a server streaming call waits for
	 * the client if its thread can block; other calls end with RESOURCE_EXHAUSTED. 0
	 * means unlimited.
	 * @param outboundBufferSize Maximum memory for messages that clients have not read,
	 * shared by all servers of the application. When it is exhausted, the call that holds
	 * the most ends with RESOURCE_EXHAUSTED; at 1.5 times the limit, so does every call
	 * that sends more than 4KB. Defaults to a quarter of the heap, or half of
	 * -XX:MaxDirectMemorySize if that is less.
	 * @param outboundWait Maximum time that the handler of a server streaming call waits
	 * for a client that reads nothing, before the call ends with RESOURCE_EXHAUSTED. 0
	 * disables waiting.
	 * @param resetsPerConnection Maximum number of calls that a client can reset on one
	 * connection within reset-window before the connection is closed. 0 means unlimited.
	 * @param resetWindow Time window in which resets are counted, in whole seconds.
	 * @param controlFramesPerConnection Maximum number of HTTP/2 frames per connection in
	 * ten seconds that serve no call, such as SETTINGS, PRIORITY, WINDOW_UPDATE and empty
	 * DATA. The connection is closed beyond it. 0 means unlimited.
	 * @param handshakeTimeout Maximum time from accepting a connection to the HTTP/2
	 * settings of the client, including a TLS handshake of at most 10s, before the
	 * connection is closed. The headers of a call must end within the same time, at the
	 * latest within twice that time.
	 * @param queueDelay Maximum time that a call may wait for a thread of the server's
	 * own pool, or a quarter of the time until its deadline if that is less (half while
	 * threads are starting). During an overload, calls that would wait longer end with
	 * RESOURCE_EXHAUSTED when they arrive. 0 lets calls wait for any time.
	 * @param retryPushback Maximum delay after which clients with a retry policy are told
	 * to retry a call that was refused because of queue-delay or a full queue. While
	 * refusals continue, they are told not to retry. 0 leaves it to their policies.
	 */
	public record Limits(@DefaultValue("10000") int connections, @DefaultValue("10000") int concurrentCalls,
			@DefaultValue("1000") int concurrentCallsPerConnection, @DefaultValue("4MB") DataSize inboundMessageSize,
			@DefaultValue("8KB") DataSize inboundMetadataSize, @Nullable DataSize inboundBufferSize,
			@DefaultValue("16MB") DataSize outboundMessageBuffer, @Nullable DataSize outboundBufferSize,
			@DefaultValue("10s") Duration outboundWait, @DefaultValue("10000") int resetsPerConnection,
			@DefaultValue("10s") Duration resetWindow, @DefaultValue("10000") int controlFramesPerConnection,
			@DefaultValue("10s") Duration handshakeTimeout, @DefaultValue("10s") Duration queueDelay,
			@DefaultValue("1s") Duration retryPushback) {

		/**
		 * How many times its size a message may need of the buffers that it comes in.
		 */
		static final int BUFFERS_OF_MESSAGE = 4;

		private static final String PREFIX = "grpc.server.limits.";

		public Limits {
			PropertyChecks.notNegative(PREFIX + "connections", connections);
			PropertyChecks.notNegative(PREFIX + "concurrent-calls", concurrentCalls);
			PropertyChecks.notNegative(PREFIX + "concurrent-calls-per-connection", concurrentCallsPerConnection);
			PropertyChecks.size(PREFIX + "inbound-message-size", inboundMessageSize);
			PropertyChecks.size(PREFIX + "inbound-metadata-size", inboundMetadataSize);
			long pieces = BUFFERS_OF_MESSAGE * inboundMessageSize.toBytes();
			if (inboundBufferSize != null && inboundBufferSize.toBytes() < inboundMessageSize.toBytes()) {
				throw PropertyChecks.invalid(PREFIX + "inbound-buffer-size",
						"must not be less than %sinbound-message-size, which is %d bytes".formatted(PREFIX,
								inboundMessageSize.toBytes()),
						"Set %1$sinbound-buffer-size to at least four times %1$sinbound-message-size."
							.formatted(PREFIX));
			}
			if (inboundBufferSize == null && halfOfTheHeap() < pieces) {
				throw PropertyChecks.invalid(PREFIX + "inbound-message-size",
						"is too large: one message of that size needs %d bytes, but %sinbound-buffer-size defaults to half of the heap, %d bytes"
							.formatted(pieces, PREFIX, halfOfTheHeap()),
						"Set %1$sinbound-message-size to a smaller size, give the application more heap, or set %1$sinbound-buffer-size."
							.formatted(PREFIX));
			}
			PropertyChecks.notNegative(PREFIX + "outbound-message-buffer", outboundMessageBuffer);
			PropertyChecks.positive(PREFIX + "outbound-buffer-size", outboundBufferSize);
			PropertyChecks.notNegative(PREFIX + "outbound-wait", outboundWait);
			PropertyChecks.notNegative(PREFIX + "resets-per-connection", resetsPerConnection);
			PropertyChecks.notNegative(PREFIX + "control-frames-per-connection", controlFramesPerConnection);
			PropertyChecks.positive(PREFIX + "handshake-timeout", handshakeTimeout);
			PropertyChecks.wholeSeconds(PREFIX + "reset-window", resetWindow);
			PropertyChecks.notNegative(PREFIX + "queue-delay", queueDelay);
			PropertyChecks.notNegative(PREFIX + "retry-pushback", retryPushback);
		}

		private static long halfOfTheHeap() {
			return Runtime.getRuntime().maxMemory() / 2;
		}

		ConnectionLimits forConnections(InboundMemory inboundMemory) {
			return new ConnectionLimits(this.connections, this.handshakeTimeout, this.controlFramesPerConnection,
					inboundMemory);
		}

		int maxConcurrentCalls() {
			return (this.concurrentCalls > 0) ? this.concurrentCalls : Integer.MAX_VALUE;
		}

	}

	/**
	 * TLS.
	 *
	 * @param bundle Name of the SSL bundle to use. Updates of the bundle are applied
	 * without a restart. Defaults to no TLS.
	 * @param clientAuth Whether clients must present a certificate trusted by the trust
	 * store of the bundle: "none", "optional" or "required".
	 */
	public record Ssl(@Nullable String bundle, @DefaultValue("none") ClientAuthentication clientAuth) {

		public Ssl {
			if (bundle != null && bundle.isBlank()) {
				throw PropertyChecks.invalid("grpc.server.ssl.bundle", "is blank",
						"Set grpc.server.ssl.bundle to the name of an SSL bundle, or remove it to use plaintext.");
			}
			if (clientAuth != ClientAuthentication.NONE && bundle == null) {
				throw PropertyChecks.invalid("grpc.server.ssl.client-auth",
						"requires TLS, but grpc.server.ssl.bundle is not set",
						"Set grpc.server.ssl.bundle to the name of an SSL bundle, or remove grpc.server.ssl.client-auth.");
			}
		}

	}

	/**
	 * Server reflection.
	 *
	 * @param enabled Whether to enable server reflection (v1 and v1alpha), which lets
	 * clients list and describe the services.
	 */
	public record Reflection(@DefaultValue("true") boolean enabled) {

	}

	/**
	 * Validation of requests.
	 *
	 * @param enabled Whether to validate requests, by GrpcValidator beans and by the
	 * rules in .proto files if protovalidate is on the classpath.
	 * @param mode What happens to invalid requests. "@GrpcService(validation = ...)"
	 * takes precedence.
	 */
	public record Validation(@DefaultValue("true") boolean enabled, @DefaultValue("enforce") ValidationMode mode) {

	}

	/**
	 * What happens to invalid requests.
	 */
	public enum ValidationMode {

		/**
		 * Their calls end with INVALID_ARGUMENT.
		 */
		ENFORCE,

		/**
		 * They are counted and logged, and their handlers see them.
		 */
		WARN

	}

	/**
	 * Who calls, and what they may do, with Spring Security.
	 *
	 * @param enabled Whether to authenticate and authorize calls. If disabled,
	 * credentials are ignored and all methods are open.
	 * @param endStreamsOnExpiry Whether calls that stream end with UNAUTHENTICATED when
	 * the token of their caller expires.
	 * @param principalInSpans Whether spans contain the name of the caller, as
	 * enduser.id.
	 */
	public record Security(@DefaultValue("true") boolean enabled, @DefaultValue("false") boolean endStreamsOnExpiry,
			@DefaultValue("false") boolean principalInSpans) {

	}

	/**
	 * Health service.
	 *
	 * @param enabled Whether to serve grpc.health.v1.Health. If disabled, the application
	 * can serve its own, and a drain is not announced over gRPC.
	 * @param port Port of an additional plaintext server with the health service only,
	 * for probes that cannot use the main port. 0 picks a free port. Defaults to no
	 * additional server.
	 * @param services Health groups by fully qualified service name. Defaults to the
	 * group in the service's annotation, or readiness.
	 * @param sampleInterval Time between two evaluations of the health indicators in the
	 * groups.
	 * @param sampleTimeout Maximum time for a health indicator to answer before it counts
	 * as DOWN.
	 * @param notServingAs How Check reports NOT_SERVING. "status" follows the
	 * specification; "error" ends the call with UNAVAILABLE, for balancers that only
	 * check the status of the call. Watch and List are not affected.
	 */
	public record Health(@DefaultValue("true") boolean enabled, @Nullable Integer port,
			@DefaultValue Map<String, String> services, @DefaultValue("5s") Duration sampleInterval,
			@DefaultValue("2s") Duration sampleTimeout,
			@DefaultValue("status") HealthSettings.NotServingAs notServingAs) {

		private static final String PREFIX = "grpc.server.health.";

		public Health {
			PropertyChecks.positive(PREFIX + "sample-interval", sampleInterval);
			PropertyChecks.positive(PREFIX + "sample-timeout", sampleTimeout);
		}

		HealthSettings settings() {
			return new HealthSettings(this.sampleInterval, this.sampleTimeout, this.notServingAs);
		}

		int validPort() {
			Assert.state(this.port != null, "No port");
			PropertyChecks.port(PREFIX + "port", this.port);
			return this.port;
		}

	}

	/**
	 * Shutdown of the server.
	 *
	 * @param propagationDelay Time to continue serving after health has become
	 * NOT_SERVING, so that load balancers notice. Defaults to 5s on a cloud platform such
	 * as Kubernetes, 0 elsewhere.
	 * @param quietPeriod Time that must have passed without a new call before the
	 * listener is closed, checked once the propagation delay is over. 0 disables it.
	 * @param maxPropagationDelay Maximum time to wait for the quiet period, including the
	 * propagation delay. Defaults to 7s, or the propagation delay if that is longer.
	 * @param gracePeriod Maximum time for calls in flight to end after the listener is
	 * closed. 0 forces them immediately.
	 * @param streamGracePeriod Maximum time for streaming calls in flight to end.
	 * Defaults to the grace period.
	 * @param forceTimeout Maximum time for the handlers of forced calls to clean up
	 * before beans are destroyed. 0 destroys beans immediately.
	 * @param envoyHeader Whether to add the header x-envoy-immediate-health-check-fail to
	 * responses while the server announces its shutdown, so that Envoy ejects the host
	 * immediately.
	 */
	public record Shutdown(@Nullable Duration propagationDelay, @DefaultValue("0") Duration quietPeriod,
			@Nullable Duration maxPropagationDelay, @DefaultValue("20s") Duration gracePeriod,
			@Nullable Duration streamGracePeriod, @DefaultValue("2s") Duration forceTimeout,
			@DefaultValue("false") boolean envoyHeader) {

		private static final String PREFIX = "grpc.server.shutdown.";

		private static final Duration CLOUD_PROPAGATION_DELAY = Duration.ofSeconds(5);

		/**
		 * With the other defaults a shutdown stays under Kubernetes' 30 seconds.
		 */
		private static final Duration MAX_PROPAGATION_DELAY = Duration.ofSeconds(7);

		public Shutdown {
			PropertyChecks.notNegative(PREFIX + "propagation-delay", propagationDelay);
			PropertyChecks.notNegative(PREFIX + "quiet-period", quietPeriod);
			PropertyChecks.notNegative(PREFIX + "grace-period", gracePeriod);
			PropertyChecks.notNegative(PREFIX + "stream-grace-period", streamGracePeriod);
			PropertyChecks.notNegative(PREFIX + "force-timeout", forceTimeout);
		}

		ShutdownSettings settings(Environment environment) {
			Duration delay = this.propagationDelay;
			if (delay == null) {
				CloudPlatform platform = CloudPlatform.getActive(environment);
				delay = (platform != null && platform != CloudPlatform.NONE) ? CLOUD_PROPAGATION_DELAY : Duration.ZERO;
			}
			Duration max = this.maxPropagationDelay;
			if (max == null) {
				max = (delay.compareTo(MAX_PROPAGATION_DELAY) > 0) ? delay : MAX_PROPAGATION_DELAY;
			}
			if (max.compareTo(delay) < 0) {
				throw PropertyChecks.invalid(PREFIX + "max-propagation-delay",
						"must not be shorter than %spropagation-delay, which is %d ms".formatted(PREFIX,
								delay.toMillis()),
						"Set %1$smax-propagation-delay to a longer duration, or %1$spropagation-delay to a shorter one."
							.formatted(PREFIX));
			}
			Duration streamGrace = (this.streamGracePeriod != null) ? this.streamGracePeriod : this.gracePeriod;
			return new ShutdownSettings(delay, this.quietPeriod, max, this.gracePeriod, streamGrace, this.forceTimeout);
		}

	}

	int validPort() {
		PropertyChecks.port("grpc.server.port", this.port);
		return this.port;
	}

	/**
	 * The addresses to listen on, none for all interfaces.
	 */
	List<InetAddress> addresses() {
		return this.address.contains(ALL_INTERFACES) ? List.of()
				: this.address.stream().map(GrpcServerProperties::resolve).toList();
	}

	private static InetAddress resolve(String address) {
		try {
			return InetAddress.getByName(address);
		}
		catch (UnknownHostException ex) {
			String action = "Set grpc.server.address to an address of this machine, or to * for all interfaces.";
			if (address.startsWith("unix:")) {
				action = "To listen on a Unix domain socket, set grpc.server.unix-domain-socket.path. To open no port, set grpc.server.port "
						+ "to -1.";
			}
			throw new GrpcServerStartException("grpc.server.address cannot be resolved: %s.".formatted(address), action,
					List.of("grpc.server.address"), ex);
		}
	}

}
