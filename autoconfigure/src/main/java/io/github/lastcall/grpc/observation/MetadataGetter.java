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

package io.github.lastcall.grpc.observation;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.grpc.Metadata;
import io.micrometer.observation.transport.Propagator;
import org.jspecify.annotations.Nullable;

/**
 * Reads the context of a trace from the headers of a call.
 */
final class MetadataGetter implements Propagator.Getter<Metadata> {

	/**
	 * Keys by the names that propagators ask for, which are few.
	 */
	private final Map<String, Metadata.Key<String>> keys = new ConcurrentHashMap<>();

	@Override
	public @Nullable String get(Metadata metadata, String name) {
		return metadata.get(key(name));
	}

	@Override
	public Iterable<String> getAll(Metadata metadata, String name) {
		Iterable<String> all = metadata.getAll(key(name));
		return (all != null) ? all : List.of();
	}

	private Metadata.Key<String> key(String name) {
		Metadata.Key<String> key = this.keys.get(name);
		return (key != null) ? key : this.keys.computeIfAbsent(name,
				(newName) -> Metadata.Key.of(newName, Metadata.ASCII_STRING_MARSHALLER));
	}

}
