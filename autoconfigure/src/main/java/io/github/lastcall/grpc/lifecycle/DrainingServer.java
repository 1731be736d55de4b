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

import java.io.IOException;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.grpc.Server;
import io.grpc.ServerServiceDefinition;

/**
 * grpc-java's server as handed to the application: shutting it down drains it as closing
 * the context does.
 */
final class DrainingServer extends Server {

	private final Server delegate;

	private final GrpcServerDrain drain;

	DrainingServer(Server delegate, GrpcServerDrain drain) {
		this.delegate = delegate;
		this.drain = drain;
	}

	@Override
	public Server start() throws IOException {
		this.delegate.start();
		return this;
	}

	@Override
	public int getPort() {
		return this.delegate.getPort();
	}

	@Override
	public List<? extends SocketAddress> getListenSockets() {
		return this.delegate.getListenSockets();
	}

	@Override
	public List<ServerServiceDefinition> getServices() {
		return this.delegate.getServices();
	}

	@Override
	public List<ServerServiceDefinition> getImmutableServices() {
		return this.delegate.getImmutableServices();
	}

	@Override
	public List<ServerServiceDefinition> getMutableServices() {
		return this.delegate.getMutableServices();
	}

	@Override
	public Server shutdown() {
		this.drain.shutDownByApplication("shutdown()");
		this.drain.announce();
		this.drain.afterAnnouncement(() -> this.drain.stop(() -> {
		}));
		return this;
	}

	@Override
	public Server shutdownNow() {
		this.drain.shutDownByApplication("shutdownNow()");
		this.drain.stopNow();
		return this;
	}

	@Override
	public boolean isShutdown() {
		return this.delegate.isShutdown();
	}

	@Override
	public boolean isTerminated() {
		return this.delegate.isTerminated();
	}

	@Override
	public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
		return this.delegate.awaitTermination(timeout, unit);
	}

	@Override
	public void awaitTermination() throws InterruptedException {
		this.delegate.awaitTermination();
	}

	@Override
	public String toString() {
		return this.delegate.toString();
	}

}
