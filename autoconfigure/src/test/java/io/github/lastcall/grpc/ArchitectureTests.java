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

package io.github.lastcall.grpc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import com.tngtech.archunit.library.GeneralCodingRules;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * The arrows of the design.
 */
class ArchitectureTests {

	private static final String ROOT = "io.github.lastcall.grpc";

	private static final String GENERATED = ROOT + ".health.v1";

	/**
	 * The rooms, and what each may see.
	 */
	private static final List<Room> ROOMS = List.of(
			new Room("autoconfigure", "actuate", "metrics", "observation", "security", "validation", "error", "health",
					"lifecycle", "netty", "call", "tls", "limits", "executor", "server"),
			new Room("actuate", "health", "lifecycle", "call", "executor", "limits", "netty", "tls", "server"),
			new Room("metrics", "health", "lifecycle", "validation", "call", "executor", "limits", "tls", "server"),
			new Room("observation", "call", "executor", "server"),
			new Room("security", "error", "call", "executor", "limits", "tls", "server"),
			new Room("validation", "error", "call", "limits", "server"),
			new Room("error", "call", "executor", "limits", "tls", "server"),
			new Room("health", "lifecycle", "executor", "server"), new Room("lifecycle", "call", "executor", "server"),
			new Room("netty", "call", "limits", "tls", "server"),
			new Room("call", "executor", "limits", "tls", "server"), new Room("tls", "server"),
			new Room("limits", "executor"), new Room("executor", "server"), new Room("server"));

	private static final int MAX_FILES = 25;

	private static final int MAX_LINES = 450;

	/**
	 * What a user writes against. All other types are public only because Java has no
	 * visibility between packages.
	 */
	private static final List<String> USER_API = List.of("call.DrainSignal", "call.SimulatedDrain", "error.GrpcAdvice",
			"error.GrpcError", "error.GrpcExceptionHandler", "error.GrpcExceptionMapper", "error.GrpcFailedCall",
			"executor.ServerExecutor", "health.ServingStatusOverrides", "lifecycle.DrainControl",
			"lifecycle.GrpcServer", "lifecycle.GrpcServerStartedEvent", "lifecycle.GrpcServerState",
			"lifecycle.GrpcServerStateChangedEvent", "security.GrpcApiKey", "security.GrpcAuthenticationConverter",
			"security.GrpcAuthorization", "security.GrpcPeerAuthentication", "security.GrpcPeerMapper",
			"security.GrpcSecuredCall", "server.GlobalServerInterceptor", "server.GrpcServerBuilderCustomizer",
			"server.GrpcServerFactory", "server.GrpcServerStartException", "server.GrpcService", "server.GrpcServices",
			"server.LocalGrpcInProcessName", "server.LocalGrpcPort", "tls.PeerIdentity", "validation.GrpcValidator",
			"validation.GrpcViolation");

	private static final JavaClasses CLASSES = new ClassFileImporter()
		.withImportOption(new ImportOption.DoNotIncludeTests())
		.importPackages(ROOT);

	@Test
	void everyPackageIsARoomOfTheDesign() {
		assertThat(packages()).containsExactlyInAnyOrderElementsOf(ROOMS.stream().map(Room::packageName).toList());
	}

	@Test
	void arrowsPointAsInTheDesign() {
		LayeredArchitecture rooms = layeredArchitecture().consideringOnlyDependenciesInLayers();
		for (Room room : ROOMS) {
			rooms = rooms.layer(room.name()).definedBy(room.packageName() + "..");
		}
		for (Room room : ROOMS) {
			rooms = room.seen().isEmpty() ? rooms.whereLayer(room.name()).mayNotAccessAnyLayer()
					: rooms.whereLayer(room.name()).mayOnlyAccessLayers(room.seen().toArray(String[]::new));
		}
		rooms.check(CLASSES);
	}

	@Test
	void theServerItselfKnowsNeitherAutoConfigurationNorActuator() {
		noClasses().that()
			.resideInAnyPackage(packagesOf("server", "executor", "limits", "tls", "call", "netty", "lifecycle"))
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.springframework.boot.autoconfigure..", "org.springframework.boot.actuate..",
					"org.springframework.boot.health..", "org.springframework.boot.context.properties..")
			.check(CLASSES);
	}

	@Test
	void healthKnowsSpringBootInItsBridgesOnly() {
		noClasses().that()
			.resideInAPackage(ROOT + ".health..")
			.and()
			.haveSimpleNameNotEndingWith("Bridge")
			.should()
			.dependOnClassesThat()
			.resideInAPackage("org.springframework.boot..")
			.check(CLASSES);
	}

	@Test
	void nettyIsKnownToClassesNamedAfterItAndToConditionsOnly() {
		noClasses().that()
			.haveSimpleNameNotStartingWith("Netty")
			.and()
			.resideOutsideOfPackage(ROOT + ".autoconfigure..")
			.should()
			.dependOnClassesThat()
			.resideInAPackage("io.grpc.netty..")
			.check(CLASSES);
	}

	@Test
	void nothingLogsAroundCommonsLogging() {
		// Which filters what grpc-java logs, and logs nothing.
		noClasses().that()
			.doNotHaveSimpleName("NettyLogFilter")
			.should()
			.dependOnClassesThat()
			.resideInAPackage("java.util.logging..")
			.check(CLASSES);
		// The context of the log belongs to calls, whoever logs.
		noClasses().that()
			.haveSimpleNameNotStartingWith("Mdc")
			.and()
			.doNotHaveSimpleName("ThreadStateConfiguration")
			.should()
			.dependOnClassesThat()
			.resideInAPackage("org.slf4j..")
			.check(CLASSES);
		GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(CLASSES);
	}

	@Test
	void everyPackageIsNullMarked() {
		assertThat(packages()).allSatisfy(
				(name) -> assertThat(CLASSES.getPackage(name).isAnnotatedWith(NullMarked.class)).as(name).isTrue());
	}

	@Test
	void theMethodsOfTheUserApiMentionNoInternalType() {
		List<String> api = USER_API.stream().map((name) -> ROOT + "." + name).toList();
		assertThat(api)
			.allSatisfy((name) -> assertThat(CLASSES.get(name).getModifiers()).contains(JavaModifier.PUBLIC));
		assertThat(api.stream()
			.flatMap((name) -> CLASSES.get(name).getMethods().stream())
			.filter((method) -> method.getModifiers().contains(JavaModifier.PUBLIC))
			.flatMap((method) -> Stream
				.concat(method.getRawParameterTypes().stream(), Stream.of(method.getRawReturnType()))
				.map(JavaClass::getBaseComponentType)
				.filter((type) -> type.getName().startsWith(ROOT))
				.filter((type) -> api.stream().noneMatch((name) -> (type.getName() + "$").startsWith(name + "$")))
				.map((type) -> method.getFullName() + ": " + type.getName())))
			.isEmpty();
	}

	@Test
	void roomsWithoutUserApiAreNotInTheJavadoc() throws IOException {
		String internal = Stream
			.concat(ROOMS.stream()
				.filter((room) -> USER_API.stream().noneMatch((name) -> name.startsWith(room.name() + ".")))
				.map(Room::packageName), Stream.of(GENERATED))
			.sorted()
			.collect(Collectors.joining(","));
		assertThat(Files.readString(Path.of("pom.xml")))
			.contains("<excludePackageNames>" + internal + "</excludePackageNames>");
	}

	@Test
	void publicTypesThatAreNoUserApiAreHiddenFromTheJavadoc() throws IOException {
		for (Room room : ROOMS) {
			Map<String, Long> types = CLASSES.stream()
				.filter((type) -> type.getPackageName().equals(room.packageName()))
				.filter((type) -> type.getModifiers().contains(JavaModifier.PUBLIC))
				.collect(Collectors.groupingBy((type) -> type.getName().replaceFirst("\\$.*", ""),
						Collectors.counting()));
			boolean published = USER_API.stream().anyMatch((name) -> name.startsWith(room.name() + "."));
			for (Map.Entry<String, Long> file : types.entrySet()) {
				boolean api = USER_API.contains(file.getKey().substring(ROOT.length() + 1));
				String source = Files.readString(Path.of("src/main/java", file.getKey().replace('.', '/') + ".java"));
				assertThat(source.split("\\* @hidden\n", -1)).as(file.getKey())
					.hasSize((published && !api) ? 1 + file.getValue().intValue() : 1);
			}
		}
	}

	@Test
	void noRoomIsCrowdedAndNoClassTooLong() throws IOException {
		Path sources = Path.of("src/main/java", ROOT.replace('.', '/'));
		for (Room room : ROOMS) {
			try (Stream<Path> files = Files.list(sources.resolve(room.name()))) {
				List<Path> all = files.toList();
				if (!room.name().equals("autoconfigure")) {
					assertThat(all).as(room.name()).hasSizeLessThanOrEqualTo(MAX_FILES);
				}
				assertThat(all).filteredOn((file) -> !file.endsWith("GrpcServerProperties.java"))
					.allSatisfy((file) -> assertThat(Files.readAllLines(file)).hasSizeLessThanOrEqualTo(MAX_LINES));
			}
		}
	}

	private static String[] packagesOf(String... rooms) {
		return Stream.of(rooms).map((room) -> ROOT + "." + room + "..").toArray(String[]::new);
	}

	private static TreeSet<String> packages() {
		return CLASSES.stream()
			.map(JavaClass::getPackageName)
			.filter((name) -> !name.equals(GENERATED))
			.collect(Collectors.toCollection(TreeSet::new));
	}

	private record Room(String name, Set<String> seen) {

		Room(String name, String... seen) {
			this(name, Set.of(seen));
		}

		String packageName() {
			return ROOT + "." + this.name;
		}

	}

}
