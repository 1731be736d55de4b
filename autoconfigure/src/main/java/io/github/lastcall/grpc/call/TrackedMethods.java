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

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.github.lastcall.grpc.executor.CallScope;
import io.github.lastcall.grpc.limits.AdmissionControl;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerMethodDefinition;
import org.jspecify.annotations.Nullable;

/**
 * Methods whose calls are tracked, during one run of the server.
 */
final class TrackedMethods {

	/**
	 * Maximum number of methods with meters that are not known at start-up. A fallback
	 * registry may accept any name.
	 */
	private static final int MAX_RESOLVED = 1000;

	private final ServerRun run;

	private final CallRecorder.@Nullable Factory recorders;

	/**
	 * Not changed after the server has been bound.
	 */
	private final Map<String, TrackedMethod> registered = new HashMap<>();

	private final Map<String, TrackedMethod> resolved = new ConcurrentHashMap<>();

	private final TrackedMethod unknown;

	TrackedMethods(ServerRun run, CallRecorder.@Nullable Factory recorders) {
		this.run = run;
		this.recorders = recorders;
		this.unknown = new TrackedMethod(run, "", true, true, false, null, null, AdmissionControl.NONE);
	}

	void register(GrpcServices services) {
		services.application()
			.forEach((service) -> service.definition()
				.getMethods()
				.forEach((method) -> register(method, true, this.recorders)));
		services.infrastructure()
			.forEach((service) -> service.getMethods().forEach((method) -> register(method, false, null)));
	}

	private void register(ServerMethodDefinition<?, ?> definition, boolean application,
			CallRecorder.@Nullable Factory recorders) {
		CallScope scope = (definition.getServerCallHandler() instanceof CallScope around) ? around : null;
		TrackedMethod method = create(definition.getMethodDescriptor(), application, scope, recorders,
				application ? new AdmissionControl(this.run.guards().queueDelay()) : AdmissionControl.NONE);
		this.registered.put(method.name(), method);
	}

	private TrackedMethod create(MethodDescriptor<?, ?> method, boolean application, @Nullable CallScope scope,
			CallRecorder.@Nullable Factory recorders, AdmissionControl admission) {
		return new TrackedMethod(this.run, method.getFullMethodName(), application,
				method.getType() != MethodType.UNARY, method.getType().clientSendsOneMessage(), scope,
				(recorders != null) ? recorders.recorderOf(method) : null, admission);
	}

	/**
	 * Returns a method by its full name. One that is unknown may belong to a service
	 * added by a customizer, or to a fallback registry, see {@link #resolve}.
	 */
	TrackedMethod get(String name) {
		return this.registered.getOrDefault(name, this.unknown);
	}

	/**
	 * Returns an unknown method that a service has been found for.
	 */
	TrackedMethod resolve(MethodDescriptor<?, ?> method) {
		TrackedMethod known = this.resolved.get(method.getFullMethodName());
		if (known != null) {
			return known;
		}
		boolean room = this.resolved.size() < MAX_RESOLVED;
		TrackedMethod resolved = create(method, true, null, room ? this.recorders : null,
				room ? new AdmissionControl(this.run.guards().queueDelay()) : AdmissionControl.NONE);
		if (room) {
			this.resolved.put(resolved.name(), resolved);
		}
		return resolved;
	}

}
