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
 * Exception thrown when a server cannot start with its configuration. Its message, action
 * and properties are shown by the failure analysis.
 */
public class GrpcServerStartException extends RuntimeException {

	private final String action;

	private final List<String> properties;

	/**
	 * Creates a new exception.
	 * @param description what is wrong, as a sentence that names the bean or the value
	 * @param action what to do, as a sentence
	 */
	public GrpcServerStartException(String description, String action) {
		this(description, action, List.of(), null);
	}

	/**
	 * Creates a new exception.
	 * @param description what is wrong, as a sentence that names the bean or the value
	 * @param action what to do, as a sentence
	 * @param properties the names of the properties involved
	 * @param cause the cause, or {@code null}
	 */
	public GrpcServerStartException(String description, String action, List<String> properties,
			@Nullable Throwable cause) {
		super(description, cause);
		this.action = action;
		this.properties = List.copyOf(properties);
	}

	/**
	 * Returns what to do about the failure.
	 * @return the action
	 */
	public String getAction() {
		return this.action;
	}

	/**
	 * Returns the names of the properties involved.
	 * @return the names, possibly empty
	 */
	public List<String> getProperties() {
		return this.properties;
	}

}
