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
import java.time.Duration;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.ServerBuilder;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.context.SmartLifecycle;

/**
 * Starts and stops one server with its context. A server of the application starts after
 * the web server, and stops in the phase of the web server's graceful shutdown: both
 * drain side by side.
 *
 * @hidden
 */
public final class GrpcServerLifecycle implements AopInfrastructureBean, SmartLifecycle {

	/**
	 * Phase of a server that serves the application: that of the web server's graceful
	 * shutdown.
	 */
	public static final int PHASE = SmartLifecycle.DEFAULT_PHASE - 1024;

	private final String name;

	private final int phase;

	private final Supplier<GrpcServices> services;

	private final GrpcServerFactory factory;

	private final GrpcServerBuilderCustomizers customizers;

	private final GrpcServerDrain drain;

	private final Interruption interruption;

	private final BiConsumer<GrpcServer, Duration> started;

	/**
	 * Creates a new lifecycle.
	 * @param name the name of the server, unique in its application
	 * @param phase the phase in which it starts and stops
	 * @param services finds the services, at every start
	 * @param factory creates the builder of the server, at every start
	 * @param customizers complete the builder
	 * @param drain tracks the state of the server and stops it
	 * @param interruption is held back while the server stops
	 * @param started called when a server is bound, with the time that it took to start
	 */
	public GrpcServerLifecycle(String name, int phase, Supplier<GrpcServices> services, GrpcServerFactory factory,
			GrpcServerBuilderCustomizers customizers, GrpcServerDrain drain, Interruption interruption,
			BiConsumer<GrpcServer, Duration> started) {
		this.name = name;
		this.phase = phase;
		this.services = services;
		this.factory = factory;
		this.customizers = customizers;
		this.drain = drain;
		this.interruption = interruption;
		this.started = started;
	}

	@Override
	public void start() {
		if (isRunning()) {
			return;
		}
		long begun = System.nanoTime();
		this.drain.starting();
		GrpcServer server;
		try {
			GrpcServices services = this.services.get();
			server = build(services);
			this.drain.getCalls().open(services);
			bind(server);
		}
		catch (RuntimeException | Error ex) {
			this.drain.startFailed();
			throw ex;
		}
		this.drain.started(server);
		this.started.accept(server, Duration.ofNanos(System.nanoTime() - begun));
	}

	private GrpcServer build(GrpcServices services) {
		ServerBuilder<?> builder = this.factory.newBuilder();
		this.customizers.customize(builder, services);
		return new GrpcServer(this.name, builder.build(), services, this.drain);
	}

	private void bind(GrpcServer server) {
		boolean bound = false;
		try {
			server.start();
			bound = true;
		}
		catch (IOException ex) {
			throw this.factory.bindFailure(ex);
		}
		finally {
			if (!bound) {
				// It is bound if the failure came after that.
				server.delegate().shutdownNow();
			}
		}
	}

	@Override
	public void stop(Runnable callback) {
		this.interruption.hold();
		this.drain.stop(callback);
	}

	@Override
	public void stop() {
		Interruption.await(this.drain::stop);
	}

	@Override
	public boolean isRunning() {
		return this.drain.isRunning();
	}

	@Override
	public int getPhase() {
		return this.phase;
	}

	@Override
	public boolean isPauseable() {
		return this.factory.hasFixedPort();
	}

}
