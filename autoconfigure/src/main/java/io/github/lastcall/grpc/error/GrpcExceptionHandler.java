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
import java.util.Locale;

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.tls.PeerIdentity;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;

import org.springframework.aot.hint.annotation.Reflective;

/**
 * Marks a method that maps exceptions to what clients receive, in a
 * {@link GrpcAdvice @GrpcAdvice} bean or in a {@link GrpcService @GrpcService} bean for
 * its own calls:
 *
 * <pre class="code">
 * &#64;GrpcExceptionHandler
 * GrpcError notFound(FeatureNotFoundException exception) {
 *     return GrpcError.of(Status.Code.NOT_FOUND).reason("NO_FEATURE");
 * }
 * </pre>
 *
 * Its parameters may be, in any order: the exception, the {@link MethodDescriptor}, the
 * headers of the request ({@link Metadata}), the {@link Locale} that the client prefers,
 * its {@link PeerIdentity} ({@code null} without a certificate), the request of a unary
 * call, and the {@link GrpcFailedCall}. A method with a parameter for the request is
 * called for requests of that type only.
 * <p>
 * It returns a {@link GrpcError}, a {@link Status}, a {@link StatusException}, a
 * {@link StatusRuntimeException} or a {@link com.google.rpc.Status}, and {@code null} to
 * leave the exception to the next handler. It must not be private, static or final.
 * <p>
 * Of the methods of a bean the one with the nearest type of exception is called. A
 * {@link StatusException} or {@link StatusRuntimeException} means itself: only a method
 * that is declared for one of these types is called for it.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Reflective
public @interface GrpcExceptionHandler {

	/**
	 * Returns the types of exceptions that the method handles. Defaults to that of its
	 * parameter.
	 * @return the types
	 */
	Class<? extends Throwable>[] value() default {};

}
