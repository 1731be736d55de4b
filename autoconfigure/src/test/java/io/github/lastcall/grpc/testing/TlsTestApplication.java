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

package io.github.lastcall.grpc.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.tls.ServerTls;
import io.github.lastcall.grpc.tls.TlsStatus;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleRegistry;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.support.GenericApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A real application whose server speaks TLS on a free port.
 */
public final class TlsTestApplication implements AutoCloseable {

	private final ConfigurableApplicationContext context;

	private TlsTestApplication(@Nullable SslBundle bundle, WebApplicationType type, List<Class<?>> sources,
			String... properties) {
		List<String> all = new ArrayList<>(List.of("grpc.server.port=0", "grpc.server.address=127.0.0.1",
				"server.port=0", "server.address=127.0.0.1", "spring.main.banner-mode=off",
				"grpc.server.shutdown.propagation-delay=0", "grpc.server.shutdown.grace-period=0"));
		all.addAll(List.of(properties));
		SpringApplicationBuilder application = new SpringApplicationBuilder(Config.class)
			.sources(sources.toArray(Class<?>[]::new))
			.web(type)
			.registerShutdownHook(false)
			.properties(all.toArray(String[]::new));
		if (bundle != null) {
			application.properties(
					Stream.concat(all.stream(), Stream.of("grpc.server.ssl.bundle=server")).toArray(String[]::new));
			application.initializers((context) -> ((GenericApplicationContext) context)
				.registerBean(SslBundleRegistrar.class, () -> (registry) -> registry.registerBundle("server", bundle)));
		}
		this.context = application.run();
	}

	/**
	 * An application with a bundle "server" that a test has made.
	 */
	public static TlsTestApplication run(SslBundle bundle, String... properties) {
		return new TlsTestApplication(bundle, WebApplicationType.NONE, List.of(), properties);
	}

	/**
	 * An application of a type, with more beans.
	 */
	public static TlsTestApplication run(SslBundle bundle, WebApplicationType type, List<Class<?>> sources,
			String... properties) {
		return new TlsTestApplication(bundle, type, sources, properties);
	}

	/**
	 * An application that finds its bundles in its properties, if it has any.
	 */
	public static TlsTestApplication run(String... properties) {
		return new TlsTestApplication(null, WebApplicationType.NONE, List.of(), properties);
	}

	public ConfigurableApplicationContext context() {
		return this.context;
	}

	public int port() {
		return GrpcClient.port(this.context);
	}

	/**
	 * Update the bundle, as Spring Boot does when files have changed.
	 */
	public void update(SslBundle bundle) {
		try {
			this.context.getBean(SslBundleRegistry.class).updateBundle("server", bundle);
		}
		catch (IllegalStateException ex) {
			// Boot's own meters cannot read a broken bundle either.
			assertThat(ex.getStackTrace()).extracting(StackTraceElement::getClassName)
				.anyMatch((name) -> name.endsWith(".SslMeterBinder"));
		}
	}

	public TlsStatus status() {
		return this.context.getBean(ServerTls.class).getStatus();
	}

	@Override
	public void close() {
		this.context.close();
	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Config {

		@Bean
		@GrpcService
		TestRouteGuide routeGuide() {
			return new TestRouteGuide();
		}

	}

}
