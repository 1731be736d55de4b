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

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

import io.github.lastcall.grpc.lifecycle.DurationText;
import io.github.lastcall.grpc.lifecycle.GrpcServer;
import io.github.lastcall.grpc.lifecycle.GrpcServerStartedEvent;
import io.github.lastcall.grpc.lifecycle.ShutdownSettings;
import io.github.lastcall.grpc.tls.CertificateRotation;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;

/**
 * Logs one line for each server that has started: what it serves, and how long it may
 * take to stop.
 */
class GrpcServerStartupLog implements AopInfrastructureBean, ApplicationListener<GrpcServerStartedEvent> {

	/**
	 * Default of Kubernetes.
	 */
	private static final Duration TERMINATION_GRACE_PERIOD = Duration.ofSeconds(30);

	private static final Log logger = LogFactory.getLog(GrpcServerStartupLog.class);

	private final ApplicationContext context;

	private final ShutdownSettings shutdown;

	private final ObjectProvider<CertificateRotation> tls;

	private final ObjectProvider<AuthorizationView> authorization;

	private boolean hinted;

	GrpcServerStartupLog(ApplicationContext context, ShutdownSettings shutdown, ObjectProvider<CertificateRotation> tls,
			ObjectProvider<AuthorizationView> authorization) {
		this.context = context;
		this.shutdown = shutdown;
		this.tls = tls;
		this.authorization = authorization;
	}

	@Override
	public void onApplicationEvent(GrpcServerStartedEvent event) {
		if (event.getApplicationContext() != this.context) {
			return;
		}
		GrpcServer server = event.getServer();
		if (server.getName().equals(ServerType.HEALTH.serverName())) {
			logger.info("gRPC server '%s' listens on %s in plaintext and serves only health".formatted(server.getName(),
					where(server)));
			return;
		}
		logger.info(
				"gRPC server '%s' listens on %s with services %s, reflection %s%s%s; started in %d ms; stops within %s (%s %s + grace period %s + force timeout %s), its process within %s"
					.formatted(server.getName(), where(server), applicationNames(server),
							hasReflection(server) ? "on" : "off", tls(server), methods(server),
							event.getTimeTaken().toMillis(), DurationText.of(this.shutdown.longestStop()),
							announcement(), DurationText.of(this.shutdown.longestAnnouncement()),
							DurationText.of(this.shutdown.gracePeriod()), DurationText.of(this.shutdown.forceTimeout()),
							DurationText.of(this.shutdown.budget())));
		// Logged once for all servers, because they drain at the same time.
		if (!this.hinted && this.shutdown.budget().compareTo(TERMINATION_GRACE_PERIOD) > 0) {
			this.hinted = true;
			logger.warn(
					"Shutdown may take %s, but Kubernetes kills a process after %s by default: set terminationGracePeriodSeconds to at least %d (%s + grace period + force timeout + %d)"
						.formatted(DurationText.of(this.shutdown.budget()), DurationText.of(TERMINATION_GRACE_PERIOD),
								this.shutdown.budget().plusMillis(999).toSeconds(), announcement(),
								ShutdownSettings.EXIT.toSeconds()));
		}
	}

	/**
	 * Returns the name of the setting that limits the announcement.
	 */
	private String announcement() {
		return this.shutdown.quietPeriod().isZero() ? "propagation delay" : "max-propagation-delay";
	}

	private static List<String> applicationNames(GrpcServer server) {
		return Stream.concat(server.getServices().applicationNames().stream(), addedNames(server)).toList();
	}

	private static Stream<String> addedNames(GrpcServer server) {
		return server.getAddedServices().stream().map((service) -> service.getServiceDescriptor().getName());
	}

	private static boolean hasReflection(GrpcServer server) {
		return Stream.concat(server.getServices().names().stream(), addedNames(server))
			.anyMatch(ServerReflectionGrpc.SERVICE_NAME::equals);
	}

	/**
	 * Describes TLS, which only the server on the network has.
	 */
	private String tls(GrpcServer server) {
		CertificateRotation tls = ServerType.NETWORK.serverName().equals(server.getName()) ? this.tls.getIfAvailable()
				: null;
		if (tls == null) {
			return "";
		}
		return ", TLS with SSL bundle '%s' (client certificates %s)".formatted(tls.getBundleName(),
				tls.getStatus().clientAuthentication().name().toLowerCase(Locale.ROOT));
	}

	/**
	 * Counts the methods of the application by who may call them.
	 */
	private String methods(GrpcServer server) {
		AuthorizationView authorization = this.authorization.getIfAvailable();
		String count = (authorization != null) ? authorization.count(OpenMethodsLog.applicationServices(server)) : null;
		return (count != null) ? ", methods: " + count : "";
	}

	private String where(GrpcServer server) {
		return (server.getPort() != -1) ? "port %d (address %s)".formatted(server.getPort(), server.getAddress())
				: server.getAddress();
	}

}
