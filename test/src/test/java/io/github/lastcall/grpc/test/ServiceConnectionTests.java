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

import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.test.app.Maps;
import io.github.lastcall.grpc.test.app.MapsApplication;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.Container;
import org.testcontainers.lifecycle.Startable;

import org.springframework.boot.autoconfigure.service.connection.ConnectionDetails;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.testcontainers.service.connection.ContainerConnectionDetailsFactory;
import org.springframework.boot.testcontainers.service.connection.ContainerConnectionSource;
import org.springframework.boot.testcontainers.service.connection.ServiceConnection;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Replicas are connected with the container of a test as Spring Boot does it, and none of
 * them stops it. The container is not a real one: Docker does not run everywhere.
 */
@Tag("full")
class ServiceConnectionTests {

	private static final AtomicInteger STOPPED = new AtomicInteger();

	@ServiceConnection
	static final Container<?> MAPS = (Container<?>) Proxy.newProxyInstance(
			ServiceConnectionTests.class.getClassLoader(), new Class<?>[] { Container.class, Startable.class },
			(container, method, arguments) -> switch (method.getName()) {
				case "getDockerImageName" -> "maps:1";
				case "getHost" -> "host of the container";
				case "stop", "close" -> STOPPED.incrementAndGet();
				case "hashCode" -> System.identityHashCode(container);
				case "equals" -> container == arguments[0];
				case "start" -> null;
				default -> throw new UnsupportedOperationException(method.toString());
			});

	@Test
	void replicasAreConnectedWithTheContainerOfTheTestAndLeaveItRunning() {
		ReplicaFactory replicas = new ReplicaFactory(MapsApplication.class);
		replicas
			.addProperties(List.of("grpc.server.shutdown.propagation-delay=0", "grpc.server.shutdown.quiet-period=0"));
		replicas.addSources(List.of(ConnectedMaps.class));
		replicas.setTestClass(ServiceConnectionTests.class);
		Replica first = replicas.start();
		assertThat(featureOf(first)).isEqualTo("host of the container");
		Replica second = replicas.start();
		first.stop();
		assertThat(featureOf(second)).isEqualTo("host of the container");
		second.stop();
		assertThat(STOPPED).hasValue(0);
	}

	private static String featureOf(Replica replica) {
		ManagedChannel channel = Grpc.newChannelBuilderForAddress("localhost", replica.port(), replica.credentials())
			.build();
		try {
			return RouteGuideGrpc.newBlockingStub(channel).getFeature(Points.OSLO).getName();
		}
		finally {
			channel.shutdownNow();
		}
	}

	/**
	 * What the application needs to know of its maps.
	 */
	interface MapsConnectionDetails extends ConnectionDetails {

		String getHost();

	}

	/**
	 * As a module of Spring Boot contributes it, in {@code spring.factories}.
	 */
	static class MapsConnectionDetailsFactory
			extends ContainerConnectionDetailsFactory<Container<?>, MapsConnectionDetails> {

		MapsConnectionDetailsFactory() {
			super("maps");
		}

		@Override
		protected MapsConnectionDetails getContainerConnectionDetails(ContainerConnectionSource<Container<?>> source) {
			return new Details(source);
		}

		private static final class Details extends ContainerConnectionDetails<Container<?>>
				implements MapsConnectionDetails {

			Details(ContainerConnectionSource<Container<?>> source) {
				super(source);
			}

			@Override
			public String getHost() {
				return getContainer().getHost();
			}

		}

	}

	@TestConfiguration(proxyBeanMethods = false)
	static class ConnectedMaps {

		@Bean
		@Primary
		Maps connectedMaps(MapsConnectionDetails connection) {
			return new Maps() {

				@Override
				public Feature find(Point point) {
					return Feature.newBuilder().setName(connection.getHost()).build();
				}

			};
		}

	}

}
