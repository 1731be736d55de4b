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

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.github.lastcall.grpc.testing.FailureAnalyses;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.RouteGuideConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Properties of other starters and misspelled ones.
 */
@ExtendWith(OutputCaptureExtension.class)
class ForeignPropertiesTests {

	private static final String WARNING = "These properties are set and have no effect:";

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withUserConfiguration(RouteGuideConfiguration.class);

	static Stream<OtherStarter.Property> ofSecurity() {
		return properties().filter(OtherStarter.Property::security);
	}

	private static Stream<OtherStarter.Property> properties() {
		return OtherStarter.all().stream().flatMap((starter) -> starter.properties().stream());
	}

	private static String name(OtherStarter.Property property) {
		return property.name().replace("*", "something");
	}

	@ParameterizedTest
	@MethodSource("ofSecurity")
	void whatWouldBeLessProtectedFailsTheStart(OtherStarter.Property property) {
		FailureAnalysis analysis = FailureAnalyses
			.of(this.runner.withPropertyValues(name(property) + "=classpath:secret"));
		assertThat(analysis.getDescription())
			.contains("less protected than configured", name(property), "test", property.advice())
			.doesNotContain("classpath:secret");
		assertThat(analysis.getAction()).contains("Replace each of these properties as shown", "docs/migration.md");
	}

	@Test
	void allKeysOfTlsAreNamedTogether() {
		FailureAnalysis analysis = FailureAnalyses.of(this.runner.withPropertyValues(
				"grpc.server.security.enabled=true", "grpc.server.security.certificateChain=classpath:server.crt",
				"grpc.server.security.private-key=classpath:server.key"));
		assertThat(analysis.getDescription()).contains("grpc.server.security.certificateChain",
				"grpc.server.security.private-key",
				"set spring.ssl.bundle.pem.<bundle>.keystore.certificate and grpc.server.ssl.bundle");
	}

	@Test
	void anEnvironmentVariableOfSecurityFailsTheStart() {
		assertThat(FailureAnalyses.of(withVariables(Map.of("GRPC_SECURITY_CERT_CHAIN", "file:server.crt")))
			.getDescription()).contains("GRPC_SECURITY_CERT_CHAIN", "less protected");
	}

	@ParameterizedTest
	@ValueSource(strings = { "grpc.server.security.enabled=false", "grpc.server.security.client-auth=NONE",
			"spring.grpc.server.ssl.enabled=false", "spring.grpc.server.ssl.bundle=" })
	void whatProtectsNothingIsNotMentioned(String property, CapturedOutput output) {
		this.runner.withPropertyValues(property).run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).doesNotContain(WARNING);
	}

	@Test
	void securityThatIsDisabledIsAWarning(CapturedOutput output) {
		this.runner
			.withPropertyValues("grpc.server.security.enabled=false",
					"grpc.server.security.certificate-chain=classpath:server.crt")
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).contains(WARNING, "grpc.server.security.certificate-chain");
	}

	@Test
	void securityThatIsReplacedIsAWarning(CapturedOutput output) {
		FailureAnalysis analysis = FailureAnalyses.of(this.runner
			.withPropertyValues("spring.grpc.server.ssl.bundle=server", "grpc.server.ssl.bundle=no-such-bundle"));
		assertThat(analysis.getDescription()).contains("The SSL bundle 'no-such-bundle' does not exist");
		this.runner.withPropertyValues("spring.grpc.server.ssl.client-auth=require", "grpc.server.ssl.client-auth=none")
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).contains("spring.grpc.server.ssl.client-auth", "remove it: its replacement is already set");
	}

	@Test
	void everyOtherKeyIsInOneWarningWithItsOriginAndWhatToWrite(CapturedOutput output) {
		Map<String, OtherStarter.Property> all = new LinkedHashMap<>();
		properties().filter((property) -> !property.security())
			.filter((property) -> !KnownProperties.all().containsKey(property.name()))
			// The port is set.
			.filter((property) -> !property.instead().equals(List.of("grpc.server.port")))
			.forEach((property) -> all.putIfAbsent(name(property), property));
		List<String> values = all.keySet().stream().map((name) -> name + "=some").toList();
		this.runner.withPropertyValues(values.toArray(String[]::new))
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(all).hasSizeGreaterThan(50);
		assertThat(output).containsOnlyOnce(WARNING);
		assertThat(all).allSatisfy((name, property) -> assertThat(output.toString()).containsPattern(
				"(?m)^    \\Q%s\\E \\(.*property source \"test\"\\): \\Q%s\\E$".formatted(name, property.advice())));
	}

	@ParameterizedTest
	@CsvSource({ "grpc.server.prot,grpc.server.port",
			"grpc.server.shutdown.grace-perod,grpc.server.shutdown.grace-period",
			"grpc.server.grace-period,grpc.server.shutdown.grace-period",
			"grpc.server.limits.connection,grpc.server.limits.connections",
			"grpc.server.keepalive.tme,grpc.server.keep-alive.time",
			"grpc.server.reflection.enable,grpc.server.reflection.enabled",
			"grpc.server.shutdown.propagationDelays,grpc.server.shutdown.propagation-delay" })
	void aMisspelledKeyGetsTheNearestKnownOne(String misspelled, String known, CapturedOutput output) {
		this.runner.withPropertyValues(misspelled + "=1").run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).containsOnlyOnce(WARNING)
			.contains(misspelled + " (", "unknown property, did you mean %s?".formatted(known));
	}

	@Test
	void aKeyThatIsLikeNoneIsNamedAlone(CapturedOutput output) {
		this.runner.withPropertyValues("grpc.server.bananas=12").run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).containsOnlyOnce(WARNING)
			.contains("grpc.server.bananas (")
			.containsPattern("(?m)unknown property$");
	}

	@Test
	void aMisspelledVariableIsNamedButNotOneThatMayBeForSomethingElse(CapturedOutput output) {
		withVariables(Map.of("GRPC_SERVER_SHUTDOWN_GRACE_PEROID", "5s", "GRPC_SERVER_HOSTNAME", "backend", "GRPC_PORT",
				"6565", "GRPC_SERVER_MAX_INBOUND_MESSAGE_SIZE", "1MB"))
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output)
			.contains("GRPC_SERVER_SHUTDOWN_GRACE_PEROID", "did you mean grpc.server.shutdown.grace-period?",
					"GRPC_SERVER_MAX_INBOUND_MESSAGE_SIZE", "set grpc.server.limits.inbound-message-size")
			.doesNotContain("GRPC_SERVER_HOSTNAME", "GRPC_PORT");
	}

	@Test
	void knownKeysAreNotMentionedHoweverTheyAreSpelled(CapturedOutput output) {
		this.runner
			.withPropertyValues("grpc.server.keepAlive.time=1h", "grpc.server.keep_alive.timeout=10s",
					"grpc.server.address[0]=127.0.0.1", "grpc.server.health.services[routeguide.RouteGuide]=readiness",
					"grpc.client.backend.address=static://backend", "spring.grpc.client.default.target=backend",
					"grpc.own=1")
			.run((context) -> assertThat(context).hasNotFailed());
		withVariables(Map.of("GRPC_SERVER_KEEP_ALIVE_TIME", "1h", "GRPC_SERVER_KEEPALIVE_TIMEOUT", "10s",
				"GRPC_SERVER_ADDRESS_0", "127.0.0.1"))
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).doesNotContain(WARNING);
	}

	@Test
	void aKeyOfLogNetThatIsUsedInAPlaceholderIsNotMentioned(CapturedOutput output) {
		this.runner.withPropertyValues("grpc.port=0", "grpc.server.port=${grpc.port}")
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).doesNotContain(WARNING);
	}

	@Test
	void nothingIsSaidOfAServerThatIsDisabled(CapturedOutput output) {
		this.runner
			.withPropertyValues("grpc.server.enabled=false", "grpc.server.security.enabled=true",
					"grpc.server.in-process-name=name")
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).doesNotContain(WARNING);
	}

	@Test
	void whatToWriteInsteadExists() {
		assertThat(properties().flatMap((property) -> property.instead().stream())).isNotEmpty()
			.filteredOn((name) -> name.startsWith("grpc.") && !name.contains("<"))
			.allSatisfy((name) -> assertThat(KnownProperties.all()).containsKey(name));
		assertThat(properties())
			.allSatisfy((property) -> assertThat(property.advice()).as(property.name()).isNotEmpty());
	}

	/**
	 * If it fails, put what it expects between the two comments: that is also in
	 * {@code target/migration.md}.
	 */
	@Test
	void theDocumentationHasEveryPropertyAndType() throws IOException {
		List<String> lines = new ArrayList<>();
		for (OtherStarter starter : OtherStarter.all()) {
			lines.add("\n### %s\n".formatted(starter.name()));
			lines.add("| property | here | |\n| --- | --- | --- |");
			starter.properties()
				.forEach((property) -> lines.add("| `%s`%s | %s | %s |".formatted(property.name(),
						property.security() ? " **fails the start**" : "", same(property), property.note())));
			lines.add("\n| type | here | |\n| --- | --- | --- |");
			starter.types()
				.forEach((type) -> lines.add("| `%s%s`%s | %s | %s |".formatted(type.annotation() ? "@" : "",
						type.name(), type.fails() ? " **fails the start**" : "",
						!type.instead().isEmpty() ? "`" + type.instead() + "`" : "–", type.note())));
		}
		String expected = String.join("\n", lines) + "\n\n";
		Files.createDirectories(Path.of("target"));
		Files.writeString(Path.of("target/migration.md"), expected);
		String documentation = Files.readString(Path.of("../docs/migration.md"));
		String begin = "<!-- other starters -->\n";
		String end = "<!-- end of other starters -->";
		assertThat(documentation).contains(begin, end);
		assertThat(documentation.substring(documentation.indexOf(begin) + begin.length(), documentation.indexOf(end)))
			.isEqualTo(expected);
	}

	private static String same(OtherStarter.Property property) {
		if (property.instead().equals(List.of(property.name()))) {
			return "the same";
		}
		return property.instead().isEmpty() ? "–" : "`" + String.join("`, `", property.instead()) + "`";
	}

	private ApplicationContextRunner withVariables(Map<String, Object> variables) {
		return this.runner.withInitializer((context) -> context.getEnvironment()
			.getPropertySources()
			.addLast(new SystemEnvironmentPropertySource("test-systemEnvironment", variables)));
	}

}
