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

/**
 * A library whose version is managed by Spring Boot and can be overridden by a build.
 */
enum ManagedVersion {

	GRPC_JAVA("grpc-java", "io.grpc:grpc-bom"),

	PROTOBUF_JAVA("protobuf-java", "com.google.protobuf:protobuf-bom");

	private final String library;

	private final String bom;

	ManagedVersion(String library, String bom) {
		this.library = library;
		this.bom = bom;
	}

	/**
	 * Describes how a build gets a newer version.
	 */
	String raiseTo(String version) {
		return ("If the build sets the property '%1$s.version', remove it or set it to %2$s or newer. Otherwise another BOM, "
				+ "imported before Spring Boot's, manages %1$s: update that BOM, or import %3$s:%2$s before it.")
			.formatted(this.library, version, this.bom);
	}

}
