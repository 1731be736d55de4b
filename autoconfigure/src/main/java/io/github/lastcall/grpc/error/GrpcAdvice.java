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

package io.github.lastcall.grpc.error;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import io.github.lastcall.grpc.server.GrpcService;

import org.springframework.core.annotation.AliasFor;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/**
 * Marks a bean whose {@link GrpcExceptionHandler @GrpcExceptionHandler} methods map the
 * exceptions of all services. On a class it is a stereotype and found by component
 * scanning.
 * <p>
 * Methods in a {@link GrpcService @GrpcService} bean itself come first, then these beans
 * and those of type {@link GrpcExceptionMapper} in their {@link Order @Order}.
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Component
public @interface GrpcAdvice {

	/**
	 * Returns the name of the bean if the annotation is on a class. Defaults to a
	 * generated name.
	 * @return the bean name
	 */
	@AliasFor(annotation = Component.class, attribute = "value")
	String value() default "";

}
