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

package io.github.lastcall.grpc.test;

import io.grpc.ChannelCredentials;

import org.springframework.context.ConfigurableApplicationContext;

/**
 * One replica of an application.
 */
final class Replica {

	private final ConfigurableApplicationContext context;

	private final TestServer server;

	Replica(ConfigurableApplicationContext context) {
		this.context = context;
		this.server = context.getBean(TestServer.class);
	}

	/**
	 * Waits until its health is SERVING, as a readiness probe does.
	 */
	void awaitServing() {
		if (this.context.getEnvironment().getProperty("grpc.server.health.enabled", Boolean.class, true)) {
			this.context.getBean(GrpcHealthTester.class).awaitServing();
		}
	}

	int port() {
		return this.server.port();
	}

	ChannelCredentials credentials() {
		return this.server.credentials();
	}

	/**
	 * Stops the replica as SIGTERM does, and waits until it has stopped.
	 */
	void stop() {
		this.context.close();
	}

}
