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

package io.github.lastcall.grpc.validation;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

import com.google.protobuf.Message;
import io.github.lastcall.grpc.limits.LogLimiter;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Interceptor that validates the requests of the application's methods before their
 * handlers see them. What applies to a method is resolved once.
 *
 * @hidden
 */
public final class RequestValidation implements ServerInterceptor, AopInfrastructureBean {

	/**
	 * Maximum number of methods that are not known at start-up. A fallback registry may
	 * accept any name.
	 */
	private static final int MAX_RESOLVED = 1000;

	private static final Log logger = LogFactory.getLog(RequestValidation.class);

	private final List<TypedValidator> validators;

	private final @Nullable RequestRules rules;

	private final boolean enforced;

	private final ViolationRecorder recorder;

	private final LogLimiter log = new LogLimiter(System::nanoTime);

	private final List<CompletableFuture<?>> compiled = new CopyOnWriteArrayList<>();

	private final Set<String> warned = ConcurrentHashMap.newKeySet();

	/**
	 * By full service name.
	 */
	private final Map<String, GrpcService.Validation> services = new ConcurrentHashMap<>();

	private final Map<MethodDescriptor<?, ?>, MethodValidation> methods = new ConcurrentHashMap<>();

	/**
	 * Creates a new validation.
	 * @param validators the validators of the application, in their order
	 * @param rules the rules in descriptors, {@code null} for none
	 * @param enforced whether an invalid request ends its call, unless its service says
	 * otherwise
	 * @param recorder told of invalid requests
	 */
	public RequestValidation(List<TypedValidator> validators, @Nullable RequestRules rules, boolean enforced,
			ViolationRecorder recorder) {
		this.validators = List.copyOf(validators);
		this.rules = rules;
		this.enforced = enforced;
		this.recorder = recorder;
	}

	/**
	 * Begins to compile the rules of the methods of a service that will be served.
	 * @param service the service
	 * @param rules compile them
	 */
	public static void compile(ServiceDescriptor service, RequestRules rules) {
		for (MethodDescriptor<?, ?> method : service.getMethods()) {
			Message request = requestOf(method);
			if (request != null && rules.apply(request.getDescriptorForType())) {
				rules.compile(request.getDescriptorForType());
			}
		}
	}

	/**
	 * Returns whether nothing can be validated, so that calls need not be intercepted.
	 */
	public boolean isEmpty() {
		return this.rules == null && this.validators.isEmpty();
	}

	/**
	 * Resolves the methods of a server that is about to be bound, and begins to compile
	 * their rules on another thread.
	 * @param services the services of the server
	 */
	public void register(GrpcServices services) {
		services.infrastructure().forEach((service) -> skip(service));
		for (GrpcServices.Registration service : services.application()) {
			this.services.put(service.name(), service.annotation().validation());
			register(service.definition());
		}
	}

	private void skip(ServerServiceDefinition service) {
		this.services.put(service.getServiceDescriptor().getName(), GrpcService.Validation.OFF);
	}

	private void register(ServerServiceDefinition service) {
		for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
			MethodValidation validation = method(method.getMethodDescriptor());
			Message request = requestOf(validation.method());
			if (this.rules != null && request != null && validation.validators().contains(this.rules)) {
				this.compiled.add(this.rules.compile(request.getDescriptorForType()));
			}
		}
	}

	/**
	 * Waits until the rules of all methods have been compiled.
	 * @param added the services that customizers have added
	 * @throws io.github.lastcall.grpc.server.GrpcServerStartException if a rule is broken
	 */
	public void await(List<ServerServiceDefinition> added) {
		added.forEach(this::register);
		this.compiled.forEach(RequestValidation::join);
		this.compiled.clear();
		warnOfUnused();
	}

	private static void join(CompletableFuture<?> compiled) {
		try {
			compiled.join();
		}
		catch (CompletionException ex) {
			if (ex.getCause() instanceof Error error) {
				throw error;
			}
			throw (ex.getCause() instanceof RuntimeException cause) ? cause : ex;
		}
	}

	private void warnOfUnused() {
		Set<Class<?>> served = new HashSet<>();
		for (MethodDescriptor<?, ?> method : this.methods.keySet()) {
			Message request = requestOf(method);
			if (request != null) {
				served.add(request.getClass());
			}
		}
		for (TypedValidator validator : this.validators) {
			if (this.warned.add(validator.beanName()) && served.stream().noneMatch(validator::accepts)) {
				logger.warn("GrpcValidator bean '%s' has no effect: no method that is served takes a %s"
					.formatted(validator.beanName(), validator.type().getName()));
			}
		}
	}

	@Override
	public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
			ServerCallHandler<Q, R> next) {
		MethodValidation method = method(call.getMethodDescriptor());
		ServerCall.Listener<Q> listener = next.startCall(call, headers);
		return method.isEmpty() ? listener : new ValidatedListener<>(listener, method, this);
	}

	private MethodValidation method(MethodDescriptor<?, ?> descriptor) {
		MethodValidation known = this.methods.get(descriptor);
		if (known != null) {
			return known;
		}
		MethodValidation resolved = resolve(descriptor);
		if (this.methods.size() < MAX_RESOLVED) {
			this.methods.put(descriptor, resolved);
		}
		return resolved;
	}

	private MethodValidation resolve(MethodDescriptor<?, ?> method) {
		GrpcService.Validation validation = this.services.getOrDefault(String.valueOf(method.getServiceName()),
				GrpcService.Validation.DEFAULT);
		Message request = requestOf(method);
		List<GrpcValidator<Message>> validators = new ArrayList<>();
		if (request != null && validation != GrpcService.Validation.OFF) {
			if (this.rules != null && this.rules.apply(request.getDescriptorForType())) {
				validators.add(this.rules);
			}
			this.validators.stream()
				.filter((validator) -> validator.accepts(request.getClass()))
				.forEach((validator) -> validators.add(validator.validator()));
		}
		return new MethodValidation(method, switch (validation) {
			case ENFORCE -> true;
			case WARN -> false;
			default -> this.enforced;
		}, List.copyOf(validators));
	}

	private static @Nullable Message requestOf(MethodDescriptor<?, ?> method) {
		return (method.getRequestMarshaller() instanceof PrototypeMarshaller<?> marshaller
				&& marshaller.getMessagePrototype() instanceof Message message) ? message : null;
	}

	/**
	 * Reports an invalid request.
	 */
	void violated(MethodValidation method, List<GrpcViolation> violations) {
		this.recorder.violated(method.method(), method.enforced(), violations.size());
		if (!method.enforced() && this.log.tryAcquire()) {
			logger.warn("A request of %s is invalid and was let pass, as validation only warns: %s%s"
				.formatted(method.method().getFullMethodName(), violations, this.log.suffix()));
		}
	}

}
