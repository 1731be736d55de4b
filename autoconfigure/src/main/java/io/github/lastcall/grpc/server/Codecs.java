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

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.grpc.Codec;
import io.grpc.CompressorRegistry;
import io.grpc.DecompressorRegistry;
import io.grpc.ServerBuilder;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Codecs of all servers: those of grpc-java and those of the application, which replace
 * codecs of the same name.
 *
 * @hidden
 */
public final class Codecs implements AopInfrastructureBean, GrpcServerBuilderCustomizer<ServerBuilder<?>> {

	private final Map<String, Codec> codecs = new LinkedHashMap<>();

	/**
	 * Creates new codecs.
	 * @param additional the codecs of the application
	 */
	public Codecs(List<Codec> additional) {
		add(Codec.Identity.NONE);
		add(new BoundedGzip(Runtime.getRuntime().availableProcessors()));
		additional.forEach(this::add);
	}

	private void add(Codec codec) {
		this.codecs.put(codec.getMessageEncoding(), codec);
	}

	/**
	 * Returns the names of the codecs, as sent in message encodings.
	 */
	public Set<String> names() {
		return this.codecs.keySet();
	}

	@Override
	public void customize(ServerBuilder<?> builder) {
		CompressorRegistry compressors = CompressorRegistry.newEmptyInstance();
		DecompressorRegistry decompressors = DecompressorRegistry.emptyInstance();
		for (Codec codec : this.codecs.values()) {
			compressors.register(codec);
			decompressors = decompressors.with(codec, codec != Codec.Identity.NONE);
		}
		builder.compressorRegistry(compressors).decompressorRegistry(decompressors);
	}

}
