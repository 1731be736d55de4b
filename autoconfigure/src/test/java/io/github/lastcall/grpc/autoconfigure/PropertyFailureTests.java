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

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;

import io.github.lastcall.grpc.lifecycle.GrpcServer;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.testing.FailureAnalyses;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.RouteGuideConfiguration;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A value that cannot be used fails the start with an analysis that has the value, its
 * origin and what to do: for every property.
 */
class PropertyFailureTests {

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withUserConfiguration(RouteGuideConfiguration.class);

	static Stream<Arguments> valuesOfAnotherType() {
		Map<Class<?>, String> values = Map.of(int.class, "many", Integer.class, "many", boolean.class, "perhaps",
				Boolean.class, "perhaps", Duration.class, "soon", DataSize.class, "large");
		return KnownProperties.all()
			.entrySet()
			.stream()
			.filter((property) -> values.containsKey(property.getValue()) || property.getValue().isEnum())
			.map((property) -> Arguments.of(property.getKey(), values.getOrDefault(property.getValue(), "fast")));
	}

	static Stream<Arguments> valuesOutOfRange() {
		Map<Class<?>, String> values = Map.of(int.class, "-2", Integer.class, "-2", Duration.class, "-1s",
				DataSize.class, "-1B");
		return KnownProperties.all()
			.entrySet()
			.stream()
			.filter((property) -> values.containsKey(property.getValue()))
			.map((property) -> Arguments.of(property.getKey(), values.get(property.getValue())));
	}

	static Stream<String> sections() {
		return KnownProperties.sections().keySet().stream();
	}

	@ParameterizedTest
	@MethodSource({ "valuesOfAnotherType", "valuesOutOfRange" })
	void aValueThatCannotBeUsedHasAnAnalysis(String property, String value) {
		FailureAnalysis analysis = analysis(property + "=" + value);
		assertThat(analysis.getDescription()).contains("Property: " + property, "Value: \"" + value + "\"", "Origin: ")
			.doesNotContain("Exception", "java.");
		assertThat(analysis.getAction()).contains(property).doesNotContain("Review the value", "Update your");
	}

	@Test
	void aValueOfAnotherTypeIsExplainedByTheType() {
		assertThat(analysis("grpc.server.shutdown.grace-period=soon").getAction())
			.isEqualTo("Set grpc.server.shutdown.grace-period to a duration such as 30s, 500ms or 2m.");
		assertThat(analysis("grpc.server.executor.type=fast").getDescription())
			.startsWith("grpc.server.executor.type is not one of platform, virtual, direct.");
	}

	@ParameterizedTest
	@CsvSource({ "true,true", "yes,true", "on,true", "false,false", "no,false", "off,false" })
	void aServerIsSwitchedOnAndOffByEachOfSpringsWords(String value, boolean on) {
		this.runner.withPropertyValues("grpc.server.enabled=" + value)
			.run((context) -> assertThat(context.getBeanNamesForType(GrpcServerDrain.class)).hasSize(on ? 1 : 0));
	}

	@Test
	void anEnvironmentVariableIsNamed() {
		FailureAnalysis analysis = FailureAnalyses.of(this.runner.withInitializer((context) -> {
			Map<String, Object> variables = Map.of("GRPC_SERVER_KEEPALIVE_TIME", "1s");
			context.getEnvironment()
				.getPropertySources()
				.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment", variables));
		}));
		assertThat(analysis.getDescription()).contains("grpc.server.keep-alive.time must be at least 10s",
				"Value: \"1s\"", "GRPC_SERVER_KEEPALIVE_TIME", "test-systemEnvironment");
		assertThat(analysis.getAction()).isEqualTo("Set grpc.server.keep-alive.time to 10s or more.");
	}

	@ParameterizedTest
	@ValueSource(strings = { "grpc.server.health.services[no.Such]", "grpc.server.health.services.no.Such" })
	void aKeyInBracketsIsAsGoodAsOneWithDots(String key) {
		assertThat(analysis(key + "=readiness").getDescription())
			.contains("no.Such", "Value: \"readiness\"", "Origin: ")
			.doesNotContain("not set");
	}

	@ParameterizedTest
	@MethodSource("sections")
	void aSectionHasNoValueOfItsOwn(String section) {
		FailureAnalysis analysis = analysis(section + "=graceful");
		assertThat(analysis.getDescription()).contains(section + " has a value, but is a prefix of other",
				"Property: " + section, "Value: \"graceful\"", "Origin: ");
		assertThat(analysis.getAction()).contains("Remove " + section, KnownProperties.in(section).get(0));
	}

	@Test
	void aSectionMayBeEmpty() {
		this.runner.withPropertyValues(sections().map((section) -> section + "=").toArray(String[]::new))
			.run((context) -> assertThat(context).hasNotFailed());
	}

	static Stream<String> durations() {
		return KnownProperties.ofType(Duration.class).stream();
	}

	@ParameterizedTest
	@MethodSource("durations")
	void aDurationWithoutAUnitIsRefused(String property) {
		FailureAnalysis analysis = analysis(property + "=30");
		assertThat(analysis.getDescription()).contains(property + " has no unit.", "Value: \"30\"", "Origin: ");
		assertThat(analysis.getAction())
			.isEqualTo("Set %s to 30s for seconds, or to 30ms for milliseconds.".formatted(property));
	}

	@Test
	void aDurationWithoutAUnitIsRefusedFromAnySource() {
		Map<String, Object> variables = Map.of("GRPC_SERVER_SHUTDOWN_GRACEPERIOD", "30");
		assertThat(
				FailureAnalyses
					.of(this.runner.withInitializer((context) -> context.getEnvironment()
						.getPropertySources()
						.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment", variables))))
					.getDescription())
			.contains("grpc.server.shutdown.grace-period has no unit", "GRPC_SERVER_SHUTDOWN_GRACEPERIOD");
		Map<String, Object> yaml = Map.of("grpc.server.shutdown.grace-period", 30);
		assertThat(FailureAnalyses.of(this.runner.withInitializer((context) -> context.getEnvironment()
			.getPropertySources()
			.addFirst(new MapPropertySource("yaml", yaml)))).getDescription()).contains("has no unit");
		assertThat(FailureAnalyses
			.of(this.runner.withPropertyValues("grace=30", "grpc.server.shutdown.grace-period=${grace}"))
			.getAction()).contains("Set grpc.server.shutdown.grace-period to 30s");
	}

	@Test
	void zeroNeedsNoUnit() {
		this.runner
			.withPropertyValues("grpc.server.shutdown.grace-period=0", "grpc.server.shutdown.force-timeout=0",
					"grpc.server.shutdown.propagation-delay=0", "grpc.server.executor.block-warning=0")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void theGracefulShutdownOfWebServersIsNotAsked() {
		assertThat(analysis("grpc.server.shutdown=graceful").getAction())
			.startsWith("Remove grpc.server.shutdown: the gRPC server always shuts down gracefully.")
			.contains("grpc.server.shutdown.grace-period");
	}

	@ParameterizedTest
	@CsvSource({ "not an address,to * for all interfaces", "unix:/tmp/socket,grpc.server.unix-domain-socket.path" })
	void anAddressThatIsNone(String address, String action) {
		FailureAnalysis analysis = analysis("grpc.server.address=" + address);
		assertThat(analysis.getDescription()).contains("Property: grpc.server.address", "Value: \"" + address + "\"");
		assertThat(analysis.getAction()).contains(action);
	}

	@ParameterizedTest
	@ValueSource(strings = { "*", "127.0.0.1,*" })
	void aStarIsAllInterfaces(String address) {
		this.runner.withPropertyValues("grpc.server.address=" + address).run((context) -> {
			GrpcServer server = context.getBean(GrpcServerDrain.class).getStatus().server();
			assertThat(server).isNotNull();
			assertThat(server.getAddresses()).singleElement()
				.asInstanceOf(InstanceOfAssertFactories.type(InetSocketAddress.class))
				.matches((socket) -> socket.getAddress().isAnyLocalAddress());
		});
	}

	private FailureAnalysis analysis(String property) {
		return FailureAnalyses.of(this.runner.withPropertyValues(property));
	}

}
