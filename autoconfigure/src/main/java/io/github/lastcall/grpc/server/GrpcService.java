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
 * Marks a {@link BindableService} bean that the gRPC server serves. On a class it is a
 * stereotype as {@link Service @Service} is, so component scanning finds it; on a
 * {@code @Bean} method it marks the bean that the method returns.
 * <p>
 * A bean that carries the annotation and is no {@link BindableService} fails the start,
 * and so do two beans that bind the same service.
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Service
public @interface GrpcService {

	/**
	 * The {@link #executor()} of a service that never blocks: its calls run on the event
	 * loop.
	 */
	String DIRECT = "direct";

	/**
	 * The name of the bean, if the annotation is on a class; generated if empty.
	 * @return the bean name
	 */
	@AliasFor(annotation = Service.class, attribute = "value")
	String value() default "";

	/**
	 * Interceptors of this service alone. Each is taken from the bean of that type, or
	 * created (with its dependencies injected) if there is none. They run after the
	 * global ones, in the order given here.
	 * @return the interceptor types
	 * @see GlobalServerInterceptor
	 */
	Class<? extends ServerInterceptor>[] interceptors() default {};

	/**
	 * The health group that the serving status of the service follows. The server's own,
	 * {@code readiness}, if empty. The property
	 * {@code grpc.server.health.services.<full service name>} wins over it.
	 * @return the name of a health group of Actuator
	 */
	String healthGroup() default "";

	/**
	 * Where the calls of the service run: {@link #DIRECT} on the event loop, which is the
	 * fastest and holds up all other calls of a connection if a handler blocks; or the
	 * name of a bean of type {@link Executor}. The server's own executor
	 * ({@code grpc.server.executor}) if empty.
	 * @return the name of an executor
	 */
	String executor() default "";

}
