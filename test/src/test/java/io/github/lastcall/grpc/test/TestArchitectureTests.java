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

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.GeneralCodingRules;
import org.junit.jupiter.api.Test;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the module offers to users, and what it needs.
 */
class TestArchitectureTests {

	private static final List<String> USER_API = List.of("AutoConfigureGrpcInProcess", "GrpcAssertions",
			"GrpcCallAssert", "GrpcDrainTester", "GrpcFailureAssert", "GrpcHealthTester", "GrpcStub", "GrpcTest",
			"RollingRestart", "RollingRestartReport", "StreamRecorder", "WithGrpcMetadata");

	private static final JavaClasses CLASSES = new ClassFileImporter()
		.withImportOption(new ImportOption.DoNotIncludeTests())
		.importPackages("io.github.lastcall.grpc.test");

	@Test
	void onlyTheUserApiIsPublic() {
		assertThat(CLASSES.stream()
			.filter((type) -> type.getModifiers().contains(JavaModifier.PUBLIC) && type.isTopLevelClass())
			.map(JavaClass::getSimpleName)).containsExactlyInAnyOrderElementsOf(USER_API);
	}

	@Test
	void itNeedsNoTransportOnTheNetworkAndNoMockingLibrary() {
		noClasses().should()
			.dependOnClassesThat()
			.resideInAnyPackage("io.grpc.netty..", "org.mockito..", "org.awaitility..", "org.testcontainers..")
			.check(CLASSES);
	}

	@Test
	void nothingPrintsOrSleeps() {
		GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(CLASSES);
		noClasses().should().callMethod(Thread.class, "sleep", long.class).check(CLASSES);
	}

}
