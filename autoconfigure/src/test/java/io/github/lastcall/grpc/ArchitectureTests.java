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

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
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
			new Room("autoconfigure", "actuate", "metrics", "observation", "security", "health", "lifecycle", "netty",
					"call", "tls", "limits", "executor", "server"),
			new Room("actuate", "health", "lifecycle", "call", "executor", "limits", "netty", "tls", "server"),
			new Room("metrics", "health", "lifecycle", "call", "executor", "limits", "tls", "server"),
			new Room("observation", "call", "executor", "server"),
			new Room("security", "call", "executor", "limits", "tls", "server"),
			new Room("health", "lifecycle", "executor", "server"), new Room("lifecycle", "call", "executor", "server"),
			new Room("netty", "call", "limits", "tls", "server"),
			new Room("call", "executor", "limits", "tls", "server"), new Room("tls", "server"),
			new Room("limits", "executor"), new Room("executor", "server"), new Room("server"));

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
