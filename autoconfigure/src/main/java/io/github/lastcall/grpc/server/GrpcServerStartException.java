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

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A server cannot start as it is configured. Carries what a failure analysis shows: what
 * is wrong, what to do, and the properties that have a part in it.
 */
public class GrpcServerStartException extends RuntimeException {

	private final String action;

	private final List<String> properties;

	/**
	 * Create a new exception.
	 * @param description what is wrong, a sentence that names the bean or the value
	 * @param action what to do about it
	 */
	public GrpcServerStartException(String description, String action) {
		this(description, action, List.of(), null);
	}

	/**
	 * Create a new exception.
	 * @param description what is wrong, a sentence that names the bean or the value
	 * @param action what to do about it
	 * @param properties names of the properties that have a part in it
	 * @param cause the cause, if there is one
	 */
	public GrpcServerStartException(String description, String action, List<String> properties,
			@Nullable Throwable cause) {
		super(description, cause);
		this.action = action;
		this.properties = List.copyOf(properties);
	}

	/**
	 * What to do about it.
	 * @return the action
	 */
	public String getAction() {
		return this.action;
	}

	/**
	 * Names of the properties that have a part in it.
	 * @return property names, possibly none
	 */
	public List<String> getProperties() {
		return this.properties;
	}

}
