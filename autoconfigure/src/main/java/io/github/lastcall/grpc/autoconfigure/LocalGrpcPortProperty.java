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

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.github.lastcall.grpc.lifecycle.GrpcServer;
import io.github.lastcall.grpc.lifecycle.GrpcServerStartedEvent;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * Sets {@code local.grpc.server.port} to the actual port of the server,
 * {@code local.grpc.health.port} to the port of the health server, and
 * {@code local.grpc.in-process.name} to the name of the in-process server.
 */
class LocalGrpcPortProperty implements AopInfrastructureBean, ApplicationListener<GrpcServerStartedEvent> {

	private static final String PROPERTY_SOURCE = "grpc.server.ports";

	private final ApplicationContext context;

	private final ConfigurableEnvironment environment;

	private final Map<String, Object> properties = new ConcurrentHashMap<>();

	LocalGrpcPortProperty(ApplicationContext context, ConfigurableEnvironment environment) {
		this.context = context;
		this.environment = environment;
	}

	@Override
	public void onApplicationEvent(GrpcServerStartedEvent event) {
		if (event.getApplicationContext() != this.context) {
			return;
		}
		GrpcServer server = event.getServer();
		if (server.getName().equals(ServerType.IN_PROCESS.serverName())) {
			this.properties.put("local.grpc.in-process.name", server.getAddress());
		}
		else if (server.getName().equals(ServerType.HEALTH.serverName())) {
			this.properties.put("local.grpc.health.port", server.getPort());
		}
		else if (server.getPort() != -1) {
			this.properties.put("local.grpc.server.port", server.getPort());
		}
		// A child context inherits the property sources of its parent, including this.
		this.environment.getPropertySources().addFirst(new MapPropertySource(PROPERTY_SOURCE, this.properties));
	}

}
