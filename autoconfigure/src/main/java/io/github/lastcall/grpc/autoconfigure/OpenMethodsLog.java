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

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import io.github.lastcall.grpc.lifecycle.GrpcServer;
import io.github.lastcall.grpc.lifecycle.GrpcServerStartedEvent;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.ServerServiceDefinition;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;

/**
 * Logs one warning of the methods that anyone may call although callers are
 * authenticated, because the application has no rules.
 */
final class OpenMethodsLog implements ApplicationListener<GrpcServerStartedEvent>, AopInfrastructureBean {

	private static final Log logger = LogFactory.getLog(OpenMethodsLog.class);

	private final ApplicationContext context;

	private final AuthorizationView authorization;

	private final Set<String> logged = new LinkedHashSet<>();

	OpenMethodsLog(ApplicationContext context, AuthorizationView authorization) {
		this.context = context;
		this.authorization = authorization;
	}

	@Override
	public void onApplicationEvent(GrpcServerStartedEvent event) {
		if (event.getApplicationContext() != this.context) {
			return;
		}
		List<String> open = new ArrayList<>(this.authorization.openByOmission(applicationServices(event.getServer())));
		// All servers have the same methods, but for those that customizers add.
		open.removeIf((method) -> !this.logged.add(method));
		if (!open.isEmpty()) {
			logger.warn(
					("Anyone may call these gRPC methods without credentials, as there is no GrpcAuthorization bean: %s. "
							+ "Declare one to say who may call, or set grpc.server.security.enabled to false "
							+ "if the server needs no security of its own")
						.formatted(String.join(", ", open)));
		}
	}

	/**
	 * Returns the services of the application, those that customizers have added
	 * included.
	 */
	static List<ServerServiceDefinition> applicationServices(GrpcServer server) {
		List<ServerServiceDefinition> services = new ArrayList<>();
		server.getServices().application().stream().map(GrpcServices.Registration::definition).forEach(services::add);
		services.addAll(server.getAddedServices());
		return services;
	}

}
