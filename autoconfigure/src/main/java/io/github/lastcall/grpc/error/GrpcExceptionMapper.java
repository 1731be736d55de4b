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

import org.jspecify.annotations.Nullable;

import org.springframework.core.annotation.Order;

/**
 * Maps exceptions of handlers and interceptors to what clients receive, as a bean:
 *
 * <pre class="code">
 * &#64;Bean
 * GrpcExceptionMapper featureErrors() {
 *     return (exception, call) -&gt; (exception instanceof FeatureNotFoundException)
 *             ? GrpcError.of(Status.Code.NOT_FOUND).reason("NO_FEATURE") : null;
 * }
 * </pre>
 *
 * Mappers are asked in their {@link Order}, for the exception first and for each of its
 * causes after that. They are not asked for a {@code StatusException} or
 * {@code StatusRuntimeException}, which means itself.
 */
@FunctionalInterface
public interface GrpcExceptionMapper {

	/**
	 * Maps an exception. Called on the thread where the call failed, before it is closed,
	 * so it must not block on an event loop.
	 * @param exception the exception, or one of its causes
	 * @param call the call
	 * @return the error, {@code null} to leave the exception to the next mapper
	 */
	@Nullable GrpcError map(Throwable exception, GrpcFailedCall call);

}
