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

import java.util.concurrent.CompletableFuture;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Message;

/**
 * Validator that knows the rules in the descriptors of messages.
 *
 * @hidden
 */
public interface RequestRules extends GrpcValidator<Message> {

	/**
	 * Returns whether a message, or one within it, has rules.
	 */
	boolean apply(Descriptor type);

	/**
	 * Compiles the rules of a message on another thread, unless they have been compiled.
	 * @return the end of it, with a
	 * {@link io.github.lastcall.grpc.server.GrpcServerStartException} if a rule is broken
	 */
	CompletableFuture<?> compile(Descriptor type);

}
