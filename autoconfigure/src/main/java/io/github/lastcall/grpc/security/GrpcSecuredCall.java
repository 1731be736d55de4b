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

package io.github.lastcall.grpc.security;

import io.github.lastcall.grpc.tls.PeerIdentity;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * Call before its handler starts, as seen by what authenticates and authorizes it.
 *
 * @param method the method that is called
 * @param headers the headers of the request
 * @param peer the client as its certificate names it, {@code null} if it has presented
 * none
 */
public record GrpcSecuredCall(MethodDescriptor<?, ?> method, Metadata headers, @Nullable PeerIdentity peer) {

	/**
	 * Returns the method, without the headers: they contain credentials.
	 */
	@Override
	public String toString() {
		return "GrpcSecuredCall of " + this.method.getFullMethodName();
	}

}
