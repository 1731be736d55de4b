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

import io.grpc.ServerBuilder;

/**
 * Callback to customize the builder of a server, for settings without a property. Beans
 * of this type are called in order each time a server is built, after the properties have
 * been applied. A server is built again when a stopped context is started again.
 *
 * @param <B> the type of the builder; callbacks for other types of builders are not
 * called
 */
@FunctionalInterface
public interface GrpcServerBuilderCustomizer<B extends ServerBuilder<?>> {

	/**
	 * Customizes the builder of a server.
	 * @param builder the builder
	 */
	void customize(B builder);

}
