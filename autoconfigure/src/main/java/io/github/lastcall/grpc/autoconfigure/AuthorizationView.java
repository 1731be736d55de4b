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

package io.github.lastcall.grpc.autoconfigure;

import java.util.Collection;
import java.util.List;

import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import org.jspecify.annotations.Nullable;

/**
 * Who may call which method, for operators. Exists with Spring Security only.
 */
interface AuthorizationView {

	/**
	 * Describes who may call a method, {@code null} if calls are not secured.
	 */
	@Nullable String describe(MethodDescriptor<?, ?> method);

	/**
	 * Counts the methods of services by who may call them, {@code null} if calls are not
	 * secured.
	 */
	@Nullable String count(Collection<ServerServiceDefinition> services);

	/**
	 * Returns the methods that are open because the application has no rules, although
	 * callers are authenticated.
	 */
	List<String> openByOmission(Collection<ServerServiceDefinition> services);

}
