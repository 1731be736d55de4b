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

import java.util.List;

import com.google.protobuf.Message;

/**
 * Checks the requests of one type, or those of all types if it is a
 * {@code GrpcValidator<Message>}. A bean of this type is called for each message that a
 * client sends to a method of the application with this request type, before a handler
 * sees it and on the handler's thread, which may be an event loop. It must be
 * thread-safe.
 * <p>
 * A message with violations ends its call with INVALID_ARGUMENT, unless
 * {@code grpc.server.validation.mode} is {@code warn}. An exception ends it as one of a
 * handler would.
 *
 * @param <T> the type of the requests
 */
@FunctionalInterface
public interface GrpcValidator<T extends Message> {

	/**
	 * Validates a request.
	 * @param message the request, for streams one of them
	 * @return what is wrong with it, empty if nothing is
	 */
	List<GrpcViolation> validate(T message);

}
