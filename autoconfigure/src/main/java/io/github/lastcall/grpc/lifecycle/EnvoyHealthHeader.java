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

package io.github.lastcall.grpc.lifecycle;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Adds {@code x-envoy-immediate-health-check-fail} to every response while any server of
 * the application announces or drains, or has stopped: when health is NOT_SERVING for all
 * of them. An Envoy with active health checking takes the host out at once when it sees
 * the header, whatever its value, and does not wait for the next check.
 *
 * @see <a href=
 * "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-immediate-health-check-fail">Envoy's
 * documentation</a>
 * @hidden
 */
public final class EnvoyHealthHeader implements AopInfrastructureBean, ServerInterceptor {

	static final Metadata.Key<String> HEADER = Metadata.Key.of("x-envoy-immediate-health-check-fail",
			Metadata.ASCII_STRING_MARSHALLER);

	private final ServerStates servers;

	/**
	 * Creates a new interceptor.
	 * @param servers the states of all servers
	 */
	public EnvoyHealthHeader(ServerStates servers) {
		this.servers = servers;
	}

	@Override
	public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
			ServerCallHandler<Q, R> next) {
		return next.startCall(new HeaderServerCall<>(call), headers);
	}

	private final class HeaderServerCall<Q, R> extends SimpleForwardingServerCall<Q, R> {

		private boolean headersSent;

		HeaderServerCall(ServerCall<Q, R> delegate) {
			super(delegate);
		}

		@Override
		public void sendHeaders(Metadata headers) {
			this.headersSent = true;
			super.sendHeaders(withHeader(headers));
		}

		@Override
		public void close(Status status, Metadata trailers) {
			// Without headers the trailers are the only response.
			super.close(status, this.headersSent ? trailers : withHeader(trailers));
		}

		private Metadata withHeader(Metadata metadata) {
			if (!EnvoyHealthHeader.this.servers
				.allMatch((state) -> state == GrpcServerState.STARTING || state == GrpcServerState.SERVING)) {
				metadata.put(HEADER, "true");
			}
			return metadata;
		}

	}

}
