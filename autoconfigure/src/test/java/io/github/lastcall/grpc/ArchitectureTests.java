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

import java.util.TreeSet;
import java.util.stream.Collectors;

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

	private static final JavaClasses CLASSES = new ClassFileImporter()
		.withImportOption(new ImportOption.DoNotIncludeTests())
		.importPackages(ROOT);

	@Test
	void everyPackageIsARoomOfTheDesign() {
		assertThat(packages()).containsExactly(ROOT + ".actuate", ROOT + ".autoconfigure", ROOT + ".health",
				ROOT + ".server", ROOT + ".shutdown");
	}

	@Test
	void packagesDependInOneDirectionOnly() {
		LayeredArchitecture rooms = layeredArchitecture().consideringOnlyDependenciesInLayers();
		for (String room : new String[] { "autoconfigure", "actuate", "health", "shutdown", "server" }) {
			rooms = rooms.layer(room).definedBy(ROOT + "." + room + "..");
		}
		rooms.whereLayer("autoconfigure")
			.mayNotBeAccessedByAnyLayer()
			.whereLayer("actuate")
			.mayOnlyBeAccessedByLayers("autoconfigure")
			.whereLayer("health")
			.mayOnlyBeAccessedByLayers("autoconfigure", "actuate")
			.whereLayer("shutdown")
			.mayOnlyBeAccessedByLayers("autoconfigure", "actuate", "health")
			.whereLayer("server")
			.mayOnlyBeAccessedByLayers("autoconfigure", "actuate", "health", "shutdown")
			.check(CLASSES);
	}

	@Test
	void serverAndShutdownKnowNeitherAutoConfigurationNorActuator() {
		noClasses().that()
			.resideInAnyPackage(ROOT + ".server..", ROOT + ".shutdown..")
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
		noClasses().should().dependOnClassesThat().resideInAPackage("org.slf4j..").check(CLASSES);
		GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(CLASSES);
	}

	@Test
	void everyPackageIsNullMarked() {
		assertThat(packages()).allSatisfy(
				(name) -> assertThat(CLASSES.getPackage(name).isAnnotatedWith(NullMarked.class)).as(name).isTrue());
	}

	private static TreeSet<String> packages() {
		return CLASSES.stream()
			.map(JavaClass::getPackageName)
			.filter((name) -> !name.equals(GENERATED))
			.collect(Collectors.toCollection(TreeSet::new));
	}

}
