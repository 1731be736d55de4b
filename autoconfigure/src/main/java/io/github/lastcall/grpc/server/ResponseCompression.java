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
import java.util.TreeSet;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/**
 * Interceptor that compresses responses to clients that accept the codec. A handler can
 * override it for its call.
 *
 * @hidden
 */
@GlobalServerInterceptor
@Order(Ordered.HIGHEST_PRECEDENCE)
public final class ResponseCompression implements AopInfrastructureBean, ServerInterceptor {

	private final String codec;

	/**
	 * Creates a new interceptor.
	 * @param codec the name of the codec
	 * @param codecs the available codecs
	 * @param property the property that the name comes from, for error messages
	 * @throws GrpcServerStartException if there is no such codec
	 */
	public ResponseCompression(String codec, Codecs codecs, String property) {
		if (!codecs.names().contains(codec)) {
			throw new GrpcServerStartException(
					"Responses cannot be compressed with '%s': no such codec is available.".formatted(codec),
					"Set %s to one of %s, or define an io.grpc.Codec bean of that encoding.".formatted(property,
							new TreeSet<>(codecs.names())),
					List.of(property), null);
		}
		this.codec = codec;
	}

	@Override
	public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
			ServerCallHandler<Q, R> next) {
		// grpc-java falls back to none if the client has not said that it accepts it.
		call.setCompression(this.codec);
		return next.startCall(call, headers);
	}

}
