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
 * Marks a {@link ServerInterceptor} bean that every service gets. On the class of the
 * bean or on its {@code @Bean} method. The beans are ordered as Spring orders beans
 * ({@code @Order}, {@code Ordered}): the first is the outermost, it sees a call first and
 * its end last.
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface GlobalServerInterceptor {

	/**
	 * Whether the infrastructure services (health, reflection) get the interceptor as
	 * well. Off unless asked for: a probe has no credentials.
	 * @return whether to intercept infrastructure services too
	 */
	boolean infrastructure() default false;

}
