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

package io.github.lastcall.grpc.lifecycle;

import java.time.Duration;

import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationEvent;

/**
 * Event published when a server is bound, on the thread that refreshes or starts the
 * context. The application is not ready yet, so health is still NOT_SERVING.
 */
public class GrpcServerStartedEvent extends ApplicationEvent {

	private final Duration timeTaken;

	private final ApplicationContext context;

	/**
	 * Creates a new event.
	 * @param server the server
	 * @param timeTaken the time to find the services and to build and bind the server
	 * @param context the context that the server belongs to
	 */
	public GrpcServerStartedEvent(GrpcServer server, Duration timeTaken, ApplicationContext context) {
		super(server);
		this.timeTaken = timeTaken;
		this.context = context;
	}

	/**
	 * Returns the server.
	 * @return the server
	 */
	public GrpcServer getServer() {
		return (GrpcServer) getSource();
	}

	/**
	 * Returns the context of the server. Listeners of its parent contexts receive the
	 * event, too.
	 * @return the context
	 */
	public ApplicationContext getApplicationContext() {
		return this.context;
	}

	/**
	 * Returns the time to find the services and to build and bind the server.
	 * @return the time
	 */
	public Duration getTimeTaken() {
		return this.timeTaken;
	}

}
