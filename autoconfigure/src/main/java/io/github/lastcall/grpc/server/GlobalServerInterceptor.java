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

import io.grpc.ServerInterceptor;

/**
 * Marks a {@link ServerInterceptor} bean that applies to all services of the application.
 * Goes on the class of the bean or on its {@code @Bean} method. Interceptors are ordered
 * by {@code @Order} or {@code Ordered}; the first is the outermost one.
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface GlobalServerInterceptor {

	/**
	 * Returns whether the interceptor also applies to infrastructure services (health,
	 * reflection). They run on the event loop, so it must not block. Defaults to
	 * {@code false}, because probes have no credentials.
	 * @return whether to intercept infrastructure services too
	 */
	boolean infrastructure() default false;

}
