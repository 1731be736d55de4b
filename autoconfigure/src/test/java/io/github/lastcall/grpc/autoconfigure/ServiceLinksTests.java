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

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.EnableServerAutoConfiguration;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The environment variables that a pod gets for the Services of its namespace.
 */
@ExtendWith(OutputCaptureExtension.class)
class ServiceLinksTests {

	private static final String WARNING = "Environment variables that Kubernetes sets for the Service '%s' are ignored as properties: ";

	/**
	 * All that Kubernetes makes for a Service with a port that has a name and one that
	 * has none.
	 */
	private static Map<String, Object> service(String name) {
		String prefix = name.toUpperCase().replace('-', '_');
		Map<String, Object> variables = new LinkedHashMap<>();
		variables.put(prefix + "_SERVICE_HOST", "10.0.0.5");
		variables.put(prefix + "_SERVICE_PORT", "9090");
		variables.put(prefix + "_SERVICE_PORT_GRPC", "9090");
		variables.put(prefix + "_PORT", "tcp://10.0.0.5:9090");
		for (String port : List.of("9090", "9091")) {
			variables.put(prefix + "_PORT_" + port + "_TCP", "tcp://10.0.0.5:" + port);
			variables.put(prefix + "_PORT_" + port + "_TCP_PROTO", "tcp");
			variables.put(prefix + "_PORT_" + port + "_TCP_PORT", port);
			variables.put(prefix + "_PORT_" + port + "_TCP_ADDR", "10.0.0.5");
		}
		return variables;
	}

	@Test
	void theFilesValueCounts(CapturedOutput output) {
		Map<String, Object> pod = new LinkedHashMap<>();
		Stream
			.of("kubernetes", "grpc-server", "grpc-server-health", "grpc-server-health-services", "spring-grpc-server",
					"grpc", "orders-grpc-server")
			.map(ServiceLinksTests::service)
			.forEach(pod::putAll);
		pod.put("GRPC_SERVER_EXECUTOR_THREADS", "7");
		try (ConfigurableApplicationContext context = run(pod)) {
			GrpcServerProperties properties = context.getBean(GrpcServerProperties.class);
			assertThat(properties.port()).isZero();
			assertThat(properties.health().port()).isNull();
			assertThat(properties.health().services()).isEmpty();
			assertThat(properties.executor().threads()).isEqualTo(7);
			assertThat(context.getEnvironment().getProperty("ORDERS_GRPC_SERVER_SERVICE_HOST")).isEqualTo("10.0.0.5");
			assertThat(context.getEnvironment().getProperty("KUBERNETES_PORT")).isEqualTo("tcp://10.0.0.5:9090");
		}
		assertThat(output).containsOnlyOnce(WARNING.formatted("grpc-server"))
			.containsOnlyOnce(WARNING.formatted("grpc-server-health"))
			.containsOnlyOnce(WARNING.formatted("grpc-server-health-services"))
			.contains("enableServiceLinks to false")
			.doesNotContain("'kubernetes'", "orders-grpc-server", "These properties are set");
		assertThat(output.toString().lines().filter((line) -> line.contains("WARN"))).hasSize(4)
			.filteredOn((line) -> line.contains(WARNING.formatted("grpc-server")))
			.singleElement()
			.satisfies((line) -> assertThat(service("grpc-server").keySet()).allMatch(line::contains))
			.asString()
			.doesNotContain("GRPC_SERVER_HEALTH");
	}

	@Test
	void oneVariableIsEnoughToBeAService(CapturedOutput output) {
		run(Map.of("GRPC_SERVER_PORT", "tcp://10.0.0.5:9090")).close();
		assertThat(output).containsOnlyOnce(WARNING.formatted("grpc-server") + "GRPC_SERVER_PORT. ");
	}

	@Test
	void aPortThatIsMeantIsUsedAndHasItsOrigin(CapturedOutput output) {
		Map<String, Object> variables = new LinkedHashMap<>(service("grpc-server-health"));
		variables.put("GRPC_SERVER_PORT", "0");
		variables.put("GRPC_SERVER_SHUTDOWN_GRACEPERIOD", "0s");
		variables.put("GRPC_SERVER_LIMITS_RESETSPERCONNECTION", "0");
		variables.put("GRPC_SERVER_LIMITS_RESETWINDOW", "5s");
		try (ConfigurableApplicationContext context = run(variables)) {
			assertThat(context.getBean(GrpcServerProperties.class).shutdown().gracePeriod()).isZero();
		}
		assertThat(output).contains("System Environment Property \"GRPC_SERVER_LIMITS_RESETWINDOW\"")
			.doesNotContain(WARNING.formatted("grpc-server"));
	}

	private static ConfigurableApplicationContext run(Map<String, Object> variables) {
		StandardEnvironment environment = new StandardEnvironment();
		String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
		environment.getPropertySources().replace(name, new SystemEnvironmentPropertySource(name, variables));
		return new SpringApplicationBuilder(Application.class).environment(environment)
			.web(WebApplicationType.NONE)
			.registerShutdownHook(false)
			.properties("grpc.server.port=0", "grpc.server.shutdown.propagation-delay=0")
			.run();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableServerAutoConfiguration
	static class Application {

		@Bean
		@GrpcService
		TestRouteGuide routeGuide() {
			return new TestRouteGuide();
		}

	}

}
