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
package io.github.lastcall.grpc.call;

import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;

/**
 * Sees the calls of the application from their first frame to their end, and what their
 * handlers do in between. A bean of this type is asked each time a server starts.
 */
public interface CallObserver {

	/**
	 * Whether there is anything to observe. A server without such an observer has neither
	 * its tracer nor its interceptor.
	 * @return whether the observer is to be used
	 */
	default boolean isActive() {
		return true;
	}

	/**
	 * A server is about to be bound.
	 * @param services what it serves
	 */
	void observe(GrpcServices services);

	/**
	 * Sees the streams of the server.
	 * @return the factory to add to the server's builder
	 */
	ServerStreamTracer.Factory tracerFactory();

	/**
	 * Sees the handlers of the server: outside of the interceptors of the application,
	 * inside of the tracking of calls.
	 * @return the interceptor
	 */
	ServerInterceptor interceptor();

}
