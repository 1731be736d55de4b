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

import java.util.function.Supplier;

import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.test.OwnServiceChannelFactory.ToTestServer;
import io.grpc.ManagedChannel;

import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.grpc.client.ClientInterceptorsConfigurer;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.util.ClassUtils;

/**
 * Adds the beans that tests use, after the conditions of all configuration classes have
 * been evaluated. Beans of the application take precedence.
 */
final class TestBeans implements BeanFactoryPostProcessor {

	static final String DRAIN = "lastCallTestDrain";

	static final boolean SECURITY = ClassUtils
		.isPresent("org.springframework.security.core.context.SecurityContextHolder", TestBeans.class.getClassLoader());

	private static final String CHANNEL_FACTORY = "org.springframework.grpc.client.GrpcChannelFactory";

	private final ConfigurableApplicationContext context;

	TestBeans(ConfigurableApplicationContext context) {
		this.context = context;
	}

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
		BeanDefinitionRegistry registry = (BeanDefinitionRegistry) beanFactory;
		StubAutowiring.install((DefaultListableBeanFactory) beanFactory, this.context);
		register(registry, "lastCallTestServer", TestServer.class, () -> new TestServer(this.context));
		Supplier<TestServer> server = () -> beanFactory.getBean(TestServer.class);
		registerLazily(registry, "lastCallTestChannel", ManagedChannel.class, () -> server.get().channel());
		registerLazily(registry, "lastCallTestHealth", GrpcHealthTester.class,
				() -> new GrpcHealthTester(server.get().channel()));
		registerLazily(registry, DRAIN, GrpcDrainTester.class, () -> new GrpcDrainTester(
				beanFactory.getBeanProvider(GrpcServerDrain.class).stream().map(GrpcServerDrain::getCalls).toList()));
		if (SECURITY) {
			Security.accept(registry);
		}
		if (ClassUtils.isPresent(CHANNEL_FACTORY, beanFactory.getBeanClassLoader())) {
			Clients.connect(beanFactory, server);
		}
	}

	private static <T> RootBeanDefinition registerLazily(BeanDefinitionRegistry registry, String name, Class<T> type,
			Supplier<T> supplier) {
		RootBeanDefinition definition = register(registry, name, type, supplier);
		definition.setLazyInit(true);
		return definition;
	}

	private static <T> RootBeanDefinition register(BeanDefinitionRegistry registry, String name, Class<T> type,
			Supplier<T> supplier) {
		RootBeanDefinition definition = new RootBeanDefinition(type, supplier);
		definition.setFallback(true);
		registry.registerBeanDefinition(name, definition);
		return definition;
	}

	/**
	 * Accepts the user of the test as the caller, if Spring Security is there.
	 */
	private static final class Security {

		private static void accept(BeanDefinitionRegistry registry) {
			register(registry, "lastCallTestCaller", TestCaller.class, TestCaller::new);
		}

	}

	/**
	 * Lets the clients of Spring gRPC reach the server, if they are there.
	 */
	private static final class Clients {

		private static void connect(ConfigurableListableBeanFactory beanFactory, Supplier<TestServer> server) {
			registerLazily((BeanDefinitionRegistry) beanFactory, "lastCallTestChannelFactory", ToTestServer.class,
					() -> new ToTestServer<>(server.get(), beanFactory.getBean(ClientInterceptorsConfigurer.class)))
				.setAutowireCandidate(false);
			beanFactory.addBeanPostProcessor(new OwnServiceChannelFactory.Installer(server,
					() -> beanFactory.getBean("lastCallTestChannelFactory", GrpcChannelFactory.class)));
		}

	}

}
