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
 * The properties under {@code grpc.server}.
 *
 * @param enabled Whether to start a gRPC server.
 * @param address Network addresses that the server listens on, all of them on the same
 * port. * is all interfaces. Unless set, all interfaces.
 * @param port Port that the server listens on. 0 picks a free one; -1 listens on none,
 * for an application that has another server.
 * @param unixDomainSocket A server on a Unix domain socket, beside the one on the port.
 * @param inProcess A server for channels in the same process, beside the one on the port.
 * @param flowControlWindow How much a client may send of one call, and of all calls on
 * its connection, before the server has read it. A window that is set does not grow.
 * Unless set, 1MB at first, and more on connections that are fast and long.
 * @param compression Compression of messages.
 * @param keepAlive Keep-alive of connections.
 * @param connection How long connections live.
 * @param executor Where the calls of the application run.
 * @param limits What a client may ask of the server.
 * @param ssl TLS.
 * @param reflection Server reflection.
 * @param health What the health service tells.
 * @param shutdown What happens when the application stops.
 */
@ConfigurationProperties("grpc.server")
public record GrpcServerProperties(@DefaultValue("true") boolean enabled, @DefaultValue List<String> address,
		@DefaultValue("9090") int port, @DefaultValue UnixDomainSocket unixDomainSocket,
		@DefaultValue InProcess inProcess, @Nullable DataSize flowControlWindow, @DefaultValue Compression compression,
		@DefaultValue KeepAlive keepAlive, @DefaultValue Connection connection, @DefaultValue Executor executor,
		@DefaultValue Limits limits, @DefaultValue Ssl ssl, @DefaultValue Reflection reflection,
		@DefaultValue Health health, @DefaultValue Shutdown shutdown) implements AopInfrastructureBean {

	private static final String ALL_INTERFACES = "*";

	public GrpcServerProperties {
		PropertyChecks.size("grpc.server.flow-control-window", flowControlWindow);
		if (ssl.bundle() != null && port == -1 && unixDomainSocket.path() != null) {
			throw new GrpcServerStartException(
					"grpc.server.ssl.bundle has no effect on the Unix domain socket, and there is no server on a port: all "
							+ "calls would be in plaintext, and no client would have to show a certificate.",
					"Set grpc.server.port to a port, or remove grpc.server.ssl.bundle.",
					List.of("grpc.server.ssl.bundle", "grpc.server.port"), null);
		}
	}

	/**
	 * A server on a Unix domain socket, for clients on the same machine.
	 *
	 * @param path File of the socket of a server for clients on the same machine. One
	 * that nobody listens on is replaced. Unless set, there is no such server.
	 */
	public record UnixDomainSocket(@Nullable Path path) {

	}

	/**
	 * A server for channels in the same process.
	 *
	 * @param enabled Whether there is a server for channels in the same process. Unless
	 * set, there is one if it has a name.
	 * @param name Name for channels to connect to, unique in the process. Unless set, one
	 * is made up for each application.
	 */
	public record InProcess(@Nullable Boolean enabled, @Nullable String name) {

	}

	/**
	 * Compression of messages. Compressed requests are understood in any case.
	 *
	 * @param responses Codec for the responses of calls whose client accepts it, such as
	 * "gzip". A handler may choose for itself. Unless set, none.
	 */
	public record Compression(@Nullable String responses) {

	}

	/**
	 * Keep-alive of connections: PINGs that the server sends, and those that it accepts.
	 *
	 * @param time How long a connection may be silent before the server sends a PING to
	 * see whether the client is still there. 10s at least.
	 * @param timeout How long the answer to the PING of a connection that was silent may
	 * take before the connection is closed.
	 * @param permit What the server accepts of the PINGs of its clients.
	 */
	public record KeepAlive(@DefaultValue("2h") Duration time, @DefaultValue("20s") Duration timeout,
			@DefaultValue Permit permit) {

		public KeepAlive {
			PropertyChecks.atLeast("grpc.server.keep-alive.time", time, Duration.ofSeconds(10));
			PropertyChecks.positive("grpc.server.keep-alive.timeout", timeout);
		}

		/**
		 * What the server accepts of the PINGs of its clients.
		 *
		 * @param time How often a client may send a PING. One that does it more often is
		 * told "too_many_pings", and its connection is closed.
		 * @param withoutCalls Whether clients may send PINGs when they have no call open.
		 */
		public record Permit(@DefaultValue("5m") Duration time, @DefaultValue("false") boolean withoutCalls) {

			public Permit {
				PropertyChecks.notNegative("grpc.server.keep-alive.permit.time", time);
			}

		}

	}

	/**
	 * How long connections live.
	 *
	 * @param maxIdle How long a connection may have no call before the server closes it,
	 * 1s at least. Unless set, for ever.
	 * @param maxAge How old a connection may become before the server asks the client to
	 * open another one, which a balancer of connections can lead to another replica, 1s
	 * at least. Up to a tenth is added or taken at random. Unless set, for ever.
	 * @param maxAgeGrace How long calls of a connection that has become too old may go on
	 * before they are closed. Unless set, for ever.
	 */
	public record Connection(@Nullable Duration maxIdle, @Nullable Duration maxAge, @Nullable Duration maxAgeGrace) {

		public Connection {
			PropertyChecks.atLeast("grpc.server.connection.max-idle", maxIdle, Duration.ofSeconds(1));
			PropertyChecks.atLeast("grpc.server.connection.max-age", maxAge, Duration.ofSeconds(1));
			PropertyChecks.notNegative("grpc.server.connection.max-age-grace", maxAgeGrace);
			if (maxAgeGrace != null && maxAge == null) {
				throw PropertyChecks.invalid("grpc.server.connection.max-age-grace",
						"has no effect: connections live for ever, as grpc.server.connection.max-age is not set",
						"Set grpc.server.connection.max-age too, or remove grpc.server.connection.max-age-grace.");
			}
		}

	}

	/**
	 * Where the calls of the application run. A bean of type ServerExecutor wins over all
	 * of this, and the executor that a service names wins for its calls.
	 *
	 * @param type Kind of the executor: "platform" threads with a queue, a "virtual"
	 * thread for each callback, or "direct" on the event loop, for handlers that never
	 * block. Unless set, "virtual" if spring.threads.virtual.enabled is true and Java has
	 * them, "platform" otherwise.
	 * @param threads How many platform threads there are at most.
	 * @param queueCapacity How many calls may wait for a platform thread. One more ends
	 * with RESOURCE_EXHAUSTED. Unless set, any number, as the number of calls is limited.
	 * @param blockWarning How long a handler on the event loop may hold it before a
	 * warning tells where it is, once per method. 0 to never look.
	 * @param cancelledWarning Time that a handler may run on after its call was cancelled
	 * before a warning tells where it is and how many threads such handlers hold. 0 to
	 * never look.
	 * @param interruptCancelled Whether to interrupt handlers that run on for longer than
	 * cancelled-warning. Handlers on the event loop are never interrupted.
	 */
	public record Executor(@Nullable ExecutorType type, @DefaultValue("200") int threads,
			@Nullable Integer queueCapacity, @DefaultValue("100ms") Duration blockWarning,
			@DefaultValue("30s") Duration cancelledWarning, @DefaultValue("false") boolean interruptCancelled) {

		private static final String PREFIX = "grpc.server.executor.";

		public Executor {
			PropertyChecks.positive(PREFIX + "threads", threads);
			PropertyChecks.positive(PREFIX + "queue-capacity", queueCapacity);
			PropertyChecks.notNegative(PREFIX + "block-warning", blockWarning);
			PropertyChecks.notNegative(PREFIX + "cancelled-warning", cancelledWarning);
			if (interruptCancelled && cancelledWarning.isZero()) {
				throw PropertyChecks.invalid(PREFIX + "interrupt-cancelled",
						"has no effect: handlers are interrupted after %scancelled-warning, which is 0"
							.formatted(PREFIX),
						"Set %1$scancelled-warning to a longer time, or remove %1$sinterrupt-cancelled."
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
				case PLATFORM -> ServerExecutor.platform(this.threads,
						(this.queueCapacity != null) ? this.queueCapacity : Integer.MAX_VALUE);
				case VIRTUAL -> virtual();
				case DIRECT -> ServerExecutor.direct();
			};
		}

		private ServerExecutor virtual() {
			if (!JavaVersion.getJavaVersion().isEqualOrNewerThan(JavaVersion.TWENTY_ONE)) {
				throw new GrpcServerStartException(
						"The gRPC server cannot run calls on virtual threads: this is Java %s."
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
	 * What a client may ask of the server. What is more is refused, and counted by the
	 * meter grpc.server.refused.
	 *
	 * @param connections How many connections may be open at the same time. More are
	 * closed as soon as they are accepted. 0 for any number.
	 * @param concurrentCalls How many calls of the application the server serves at the
	 * same time. One more ends with RESOURCE_EXHAUSTED at once. 0 for any number.
	 * @param concurrentCallsPerConnection How many calls of one connection may be open at
	 * the same time. Clients know the number and wait. 0 for any number.
	 * @param inboundMessageSize How large a message may be that a client sends. A call
	 * with a larger one ends with RESOURCE_EXHAUSTED, and with UNKNOWN if the message
	 * becomes too large when it is decompressed.
	 * @param inboundMetadataSize How large the metadata of a call may be, with 32 bytes
	 * of overhead for each entry. A call with more is refused.
	 * @param inboundBufferSize Maximum memory that inbound messages may hold from their
	 * first byte until the handler has done with them, on all servers of the application
	 * together; at least inbound-message-size, and better four times as much. Beyond it,
	 * calls with more than 4KB of a message end with RESOURCE_EXHAUSTED. Unless set, half
	 * as much as the heap, or as -XX:MaxDirectMemorySize if that is less.
	 * @param outboundMessageBuffer Maximum size of the messages of one call that its
	 * client has not read when the call sends another one. The handler of a server
	 * streaming call waits for its client then if its thread may block; other calls end
	 * with RESOURCE_EXHAUSTED. 0 means unlimited.
	 * @param outboundBufferSize Maximum memory for messages that clients have not read,
	 * for all calls of all servers of the application together. Beyond it the call that
	 * holds most ends with RESOURCE_EXHAUSTED; beyond half as much again, so does any
	 * call that sends more than 4KB. Unless set, a quarter of the heap, or half of
	 * -XX:MaxDirectMemorySize if that is less.
	 * @param outboundWait Time that the handler of a server streaming call waits for a
	 * client that reads nothing before the call ends with RESOURCE_EXHAUSTED. 0 to never
	 * wait.
	 * @param resetsPerConnection How many calls a client may reset on one connection
	 * within the reset window before the connection is closed. 0 for any number.
	 * @param resetWindow The window in which resets are counted, in whole seconds.
	 * @param controlFramesPerConnection Maximum number of HTTP/2 frames in ten seconds
	 * that a client may send on one connection without need for a call, such as SETTINGS,
	 * PRIORITY, WINDOW_UPDATE and empty DATA. The connection is closed beyond it. 0 means
	 * unlimited.
	 * @param handshakeTimeout How long a client may take from the connection to the first
	 * settings of HTTP/2, TLS included, before the connection is closed. TLS may take ten
	 * seconds at most. One that later begins the headers of a call has as long to end
	 * them, twice as long at most.
	 */
	public record Limits(@DefaultValue("10000") int connections, @DefaultValue("10000") int concurrentCalls,
			@DefaultValue("1000") int concurrentCallsPerConnection, @DefaultValue("4MB") DataSize inboundMessageSize,
			@DefaultValue("8KB") DataSize inboundMetadataSize, @Nullable DataSize inboundBufferSize,
			@DefaultValue("16MB") DataSize outboundMessageBuffer, @Nullable DataSize outboundBufferSize,
			@DefaultValue("10s") Duration outboundWait, @DefaultValue("10000") int resetsPerConnection,
			@DefaultValue("10s") Duration resetWindow, @DefaultValue("10000") int controlFramesPerConnection,
			@DefaultValue("10s") Duration handshakeTimeout) {

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
						"is too large: one message of that size needs %d bytes, and %sinbound-buffer-size is half of the heap unless set: %d bytes"
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
	 * @param bundle Name of the SSL bundle that the server uses. Its updates are taken
	 * into use as they come. Unless set, plaintext.
	 * @param clientAuth Whether clients have to show a certificate that the trust store
	 * of the bundle trusts: "none", "optional" or "required".
	 */
	public record Ssl(@Nullable String bundle, @DefaultValue("none") ClientAuthentication clientAuth) {

		public Ssl {
			if (bundle != null && bundle.isBlank()) {
				throw PropertyChecks.invalid("grpc.server.ssl.bundle", "is blank",
						"Set grpc.server.ssl.bundle to the name of an SSL bundle, or remove it for a server in plaintext.");
			}
			if (clientAuth != ClientAuthentication.NONE && bundle == null) {
				throw PropertyChecks.invalid("grpc.server.ssl.client-auth",
						"needs TLS, and grpc.server.ssl.bundle is not set",
						"Set grpc.server.ssl.bundle to the name of an SSL bundle, or remove grpc.server.ssl.client-auth.");
			}
		}

	}

	/**
	 * Server reflection.
	 *
	 * @param enabled Whether clients can list and describe the services, by reflection v1
	 * and v1alpha.
	 */
	public record Reflection(@DefaultValue("true") boolean enabled) {

	}

	/**
	 * What the health service tells.
	 *
	 * @param enabled Whether to serve grpc.health.v1.Health. Without it an application
	 * can serve its own, and over gRPC a drain is announced to nobody.
	 * @param port Port of a second, plaintext server that serves health only, for probes
	 * that cannot reach the first one. 0 picks a free one. Unless set, there is none.
	 * @param services Health groups by full service name. Unless set, a service follows
	 * the group of its annotation, or readiness.
	 * @param sampleInterval How often the health indicators of the groups are asked.
	 * @param sampleTimeout How long a health indicator may take before it counts as DOWN.
	 * @param notServingAs How Check tells NOT_SERVING. "status" is the specification's
	 * way; "error" lets the call fail with UNAVAILABLE, for balancers that look at
	 * nothing else. Watch and List stay as they are.
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
	 * What happens when the application stops.
	 *
	 * @param propagationDelay How long to go on serving after health has become
	 * NOT_SERVING, so that load balancers notice. Unless set, 5s on a cloud platform such
	 * as Kubernetes, 0 elsewhere.
	 * @param quietPeriod After the propagation delay, how long no new call must have
	 * arrived before the listener is closed. 0 does not wait for quiet.
	 * @param maxPropagationDelay How long to wait for quiet, counted from the same moment
	 * as the propagation delay. Unless set, 7s, or the propagation delay if that is
	 * longer.
	 * @param gracePeriod How long calls in flight may take to end after the listener is
	 * closed. 0 means no time at all.
	 * @param streamGracePeriod How long streaming calls in flight may take to end. Unless
	 * set, the grace period.
	 * @param forceTimeout How long calls that are closed by force may take to clean up
	 * before beans are destroyed. 0 means no time at all.
	 * @param envoyHeader Whether responses have the header
	 * x-envoy-immediate-health-check-fail while the server announces its end, which lets
	 * Envoy take the host out at once.
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
				action = "To listen on a Unix domain socket, set grpc.server.unix-domain-socket.path, and set grpc.server.port to -1 if "
						+ "there is to be no server on a port.";
			}
			throw new GrpcServerStartException(
					"grpc.server.address is neither an address nor the name of a host: %s.".formatted(address), action,
					List.of("grpc.server.address"), ex);
		}
	}

}
