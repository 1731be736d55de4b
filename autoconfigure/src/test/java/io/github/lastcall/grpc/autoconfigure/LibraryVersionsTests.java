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
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.FailureAnalyses;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.asm.ClassReader;
import org.springframework.asm.ClassVisitor;
import org.springframework.asm.ClassWriter;
import org.springframework.asm.MethodVisitor;
import org.springframework.asm.Opcodes;
import org.springframework.asm.SpringAsmInfo;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.boot.diagnostics.FailureAnalysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * What a user reads when another BOM has lowered grpc-java or protobuf.
 */
class LibraryVersionsTests {

	private static final String TOO_OLD = "Detected incompatible Protobuf Gencode/Runtime versions when loading "
			+ "Guest: gencode 4.35.1, runtime 4.33.0. Runtime version cannot be older than the linked gencode version.";

	@Test
	void theOldestVersionsAreThoseThatGenerateCode() throws IOException {
		String pom = Files.readString(Path.of("..", "pom.xml"));
		assertThat(pom).contains(
				"<protoc-gen-grpc-java.version>%s</protoc-gen-grpc-java.version>"
					.formatted(GrpcJavaVersionCheck.OLDEST),
				"<protoc.version>%s</protoc.version>".formatted(ProtobufVersionFailureAnalyzer.OLDEST));
	}

	@ParameterizedTest
	@ValueSource(strings = { "1.76.0", "1.79.1", "1.80.0-SNAPSHOT", "1.9.0" })
	void anOlderGrpcJavaIsNamedBesideWhatToSet(String version) {
		assertThatExceptionOfType(GrpcServerStartException.class).isThrownBy(() -> GrpcJavaVersionCheck.check(version))
			.withMessage("Last Call needs grpc-java 1.80.0 or newer, but %s is on the classpath.".formatted(version))
			.satisfies(
					(ex) -> assertThat(ex.getAction()).contains("'grpc-java.version'", "1.80.0", "io.grpc:grpc-bom"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "1.80.0", "1.83.1", "1.100.0", "2.0.0" })
	void aNewerGrpcJavaIsFine(String version) {
		assertThatNoException().isThrownBy(() -> GrpcJavaVersionCheck.check(version));
	}

	@Test
	void everyServerChecksTheVersionBeforeItsBeans() {
		GrpcServerContextRunner.create()
			.withBean(AnnotatedService.class)
			.run((context) -> assertThat(context.getBeansOfType(BeanFactoryPostProcessor.class).values())
				.hasAtLeastOneElementOfType(GrpcJavaVersionCheck.class));
	}

	@Test
	void aStartThatFailsForGeneratedCodeIsAnalyzed() {
		assertAnalysis(FailureAnalyses.of(GrpcServerContextRunner.create().withBean("guest", String.class, () -> {
			throw new ExceptionInInitializerError(new RuntimeException(TOO_OLD));
		})));
	}

	@Test
	void generatedCodeThatProtobufIsTooOldForIsNamedBesideWhatToSet() {
		assertAnalysis(analyze(new ExceptionInInitializerError(new RuntimeException(TOO_OLD))));
	}

	@Test
	void generatedCodeThatHasFailedToLoadBeforeIsNamedToo() {
		Throwable before = new ExceptionInInitializerError(
				"Exception com.google.protobuf.RuntimeVersion$ProtobufRuntimeVersionException: %s [in thread \"main\"]"
					.formatted(TOO_OLD));
		assertAnalysis(analyze(new NoClassDefFoundError("Could not initialize class Guest").initCause(before)));
	}

	@Test
	void aProtovalidateThatProtobufIsTooOldForIsNamedBesideWhatToSet() {
		LinkageError failure = catchThrowableOfType(LinkageError.class,
				() -> Class.forName("build.buf.validate.FieldRules", true, new NewerProtovalidate()));
		FailureAnalysis analysis = analyze(failure);
		assertThat(analysis).isNotNull();
		assertThat(analysis.getDescription())
			.matches("protovalidate 1\\.\\d+\\.\\d+ needs protobuf-java 4\\.99\\.\\d+ or newer, "
					+ "but 4\\.\\d+\\.\\d+ is on the classpath\\.");
		assertThat(analysis.getAction()).startsWith("Set build.buf:protovalidate to an older version, such as 1.2.2, ")
			.contains("'protobuf-java.version'", "4.99.");
	}

	private static void assertAnalysis(@Nullable FailureAnalysis analysis) {
		assertThat(analysis).isNotNull();
		assertThat(analysis.getDescription()).isEqualTo(
				"The generated code of 'Guest' needs protobuf-java 4.35.1 or newer, but 4.33.0 is on the classpath.");
		assertThat(analysis.getAction()).contains("'protobuf-java.version'", "4.35.1",
				"com.google.protobuf:protobuf-bom");
	}

	@Test
	void aProtobufThatDoesNotKnowItsVersionIsNamedBesideWhatToSet() {
		FailureAnalysis analysis = analyze(
				new NoClassDefFoundError("com/google/protobuf/RuntimeVersion$RuntimeDomain"));
		assertThat(analysis).isNotNull();
		assertThat(analysis.getDescription()).contains("needs protobuf-java 4.34.2 or newer", "older than 4.26.0");
		assertThat(analysis.getAction()).contains("'protobuf-java.version'", "4.34.2");
	}

	@Test
	void otherClassesThatDoNotLoadAreLeftToOthers() {
		assertThat(analyze(new NoClassDefFoundError("com/acme/Greeting"))).isNull();
		assertThat(analyze(new IllegalStateException(TOO_OLD))).isNull();
	}

	/**
	 * Loads the rules of protovalidate as if they had been generated for protobuf-java
	 * 4.99.
	 */
	private static final class NewerProtovalidate extends ClassLoader {

		NewerProtovalidate() {
			super(NewerProtovalidate.class.getClassLoader());
		}

		@Override
		protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
			return name.equals("build.buf.validate.FieldRules") ? define(name) : super.loadClass(name, resolve);
		}

		private Class<?> define(String name) throws ClassNotFoundException {
			try (InputStream original = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
				ClassWriter writer = new ClassWriter(0);
				new ClassReader(original).accept(new ClassVisitor(SpringAsmInfo.ASM_VERSION, writer) {

					@Override
					public MethodVisitor visitMethod(int access, String method, String descriptor, String signature,
							String[] exceptions) {
						MethodVisitor visitor = super.visitMethod(access, method, descriptor, signature, exceptions);
						return method.equals("<clinit>") ? minorVersion(visitor) : visitor;
					}

				}, 0);
				byte[] bytes = writer.toByteArray();
				return defineClass(name, bytes, 0, bytes.length);
			}
			catch (IOException ex) {
				throw new ClassNotFoundException(name, ex);
			}
		}

		private static MethodVisitor minorVersion(MethodVisitor visitor) {
			return new MethodVisitor(SpringAsmInfo.ASM_VERSION, visitor) {

				@Override
				public void visitIntInsn(int opcode, int operand) {
					super.visitIntInsn(opcode, (opcode == Opcodes.BIPUSH && operand > 30) ? 99 : operand);
				}

			};
		}

	}

	@GrpcService
	static class AnnotatedService extends TestRouteGuide {

	}

	private static @Nullable FailureAnalysis analyze(Throwable cause) {
		return new ProtobufVersionFailureAnalyzer().analyze(new IllegalStateException("The context failed", cause));
	}

}
