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

package io.github.lastcall.grpc.test;

import java.util.List;
import java.util.function.Supplier;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.grpc.client.ChannelBuilderOptions;
import org.springframework.grpc.client.ClientInterceptorsConfigurer;
import org.springframework.grpc.client.DefaultGrpcChannelFactory;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.util.function.SingletonSupplier;

/**
 * Factory of channels of Spring gRPC's client in a test: calls to services that the
 * application itself serves reach the server of the test, all others go where the
 * application configures it. Interceptors of the client apply to both.
 */
final class OwnServiceChannelFactory implements GrpcChannelFactory {

	private final GrpcChannelFactory delegate;

	private final Supplier<TestServer> server;

	private final Supplier<GrpcChannelFactory> own;

	private OwnServiceChannelFactory(GrpcChannelFactory delegate, Supplier<TestServer> server,
			Supplier<GrpcChannelFactory> own) {
		this.delegate = delegate;
		this.server = server;
		this.own = own;
	}

	@Override
	public boolean supports(String target) {
		return this.delegate.supports(target);
	}

	@Override
	public ManagedChannel createChannel(String target, ChannelBuilderOptions options) {
		// The server may not have started yet, and a target may exist on the network
		// only.
		Supplier<ManagedChannel> own = SingletonSupplier
			.of(() -> this.own.get().createChannel(target, options.withCustomizer((name, builder) -> {
			})));
		Supplier<ManagedChannel> others = SingletonSupplier.of(() -> this.delegate.createChannel(target, options));
		return new ForwardingManagedChannel(others, new Channel() {

			@Override
			public <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> method, CallOptions callOptions) {
				boolean serves = OwnServiceChannelFactory.this.server.get().serves(method);
				return (serves ? own : others).get().newCall(method, callOptions);
			}

			@Override
			public String authority() {
				return target;
			}

		});
	}

	/**
	 * Replaces the factories of an application context.
	 *
	 * @param server supplies the server of the test
	 * @param own supplies the factory of channels to it
	 */
	record Installer(Supplier<TestServer> server,
			Supplier<GrpcChannelFactory> own) implements BeanPostProcessor, AopInfrastructureBean {

		@Override
		public Object postProcessAfterInitialization(Object bean, String beanName) {
			if (bean instanceof GrpcChannelFactory factory && !(bean instanceof ToTestServer)) {
				return new OwnServiceChannelFactory(factory, this.server, this.own);
			}
			return bean;
		}

	}

	/**
	 * Creates channels to the server of the test, whatever their target.
	 *
	 * @param <T> the type of the builder
	 */
	static final class ToTestServer<T extends ManagedChannelBuilder<T>> extends DefaultGrpcChannelFactory<T>
			implements AopInfrastructureBean {

		private final TestServer server;

		ToTestServer(TestServer server, ClientInterceptorsConfigurer interceptors) {
			super(List.of(), interceptors);
			this.server = server;
		}

		@Override
		@SuppressWarnings("unchecked")
		protected T newChannelBuilder(String target, ChannelCredentials credentials) {
			return (T) this.server.newChannelBuilder();
		}

	}

}
