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

package io.github.lastcall.grpc.server;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.concurrent.Executor;

import io.grpc.BindableService;
import io.grpc.ServerInterceptor;

import org.springframework.core.annotation.AliasFor;
import org.springframework.stereotype.Service;

/**
 * Marks a {@link BindableService} bean to be served by the gRPC server. On a class it is
 * a stereotype like {@link Service @Service} and found by component scanning; on a
 * {@code @Bean} method it marks the returned bean.
 * <p>
 * The start fails if an annotated bean is not a singleton {@link BindableService}, or if
 * two beans bind the same service.
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Service
public @interface GrpcService {

	/**
	 * Value of {@link #executor()} to run the calls of a service on the event loop. Its
	 * handlers must never block.
	 */
	String DIRECT = "direct";

	/**
	 * Returns the name of the bean if the annotation is on a class. Defaults to a
	 * generated name.
	 * @return the bean name
	 */
	@AliasFor(annotation = Service.class, attribute = "value")
	String value() default "";

	/**
	 * Returns the interceptors of this service. Each is the bean of its type, or is
	 * created with its dependencies injected if there is no such bean. They are called
	 * after the global interceptors, in the given order.
	 * @return the interceptor types
	 * @see GlobalServerInterceptor
	 */
	Class<? extends ServerInterceptor>[] interceptors() default {};

	/**
	 * Returns the health group that the serving status of the service follows. The
	 * property {@code grpc.server.health.services.<full service name>} takes precedence.
	 * Defaults to {@code readiness}.
	 * @return the name of an Actuator health group
	 */
	String healthGroup() default "";

	/**
	 * Returns where the calls of the service run: the name of an {@link Executor} bean,
	 * or {@link #DIRECT} for the event loop. The event loop is fastest, but a handler
	 * that blocks delays all other calls on its connections. Defaults to the server's
	 * executor ({@code grpc.server.executor}).
	 * @return the name of an executor
	 */
	String executor() default "";

	/**
	 * Returns the maximum number of platform threads for the calls of each method of the
	 * service. Calls beyond it wait, without keeping those of other methods waiting. Has
	 * an effect only on the server's own pool of platform threads. 0 means
	 * {@code grpc.server.executor.max-threads-per-method}, which also is the upper limit.
	 * @return the number of threads
	 */
	int maxThreadsPerMethod() default 0;

	/**
	 * Returns what happens to invalid requests of this service. Defaults to
	 * {@code grpc.server.validation.mode}.
	 * @return how requests are validated
	 */
	Validation validation() default Validation.DEFAULT;

	/**
	 * How the requests of a service are validated.
	 */
	enum Validation {

		/**
		 * As {@code grpc.server.validation.mode} says.
		 */
		DEFAULT,

		/**
		 * An invalid request ends its call with INVALID_ARGUMENT.
		 */
		ENFORCE,

		/**
		 * An invalid request is counted and logged, and its handler sees it.
		 */
		WARN,

		/**
		 * Requests are not validated.
		 */
		OFF

	}

}
