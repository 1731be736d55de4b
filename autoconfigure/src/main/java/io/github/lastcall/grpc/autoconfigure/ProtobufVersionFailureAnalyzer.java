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

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import build.buf.protovalidate.Validator;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Analyzes generated code, of this library or of the application, that fails to load
 * because protobuf-java is older than its generator.
 */
class ProtobufVersionFailureAnalyzer extends AbstractFailureAnalyzer<LinkageError> {

	/**
	 * The oldest version that the generated code of this library supports.
	 */
	static final String OLDEST = "4.34.2";

	/**
	 * Message of protobuf. It also appears when a class that failed to load is used
	 * again, and its original exception is missing.
	 */
	private static final Pattern TOO_OLD = Pattern
		.compile("Protobuf Gencode/Runtime .* when loading (.+?): gencode (\\S+), runtime (\\S+)\\. ");

	/**
	 * Class that generated code calls to check the version, added in 4.26.
	 */
	private static final String VERSION_CLASS = "com/google/protobuf/RuntimeVersion";

	private static final String OLDER_PROTOVALIDATE = "Set build.buf:protovalidate to an older version, such as 1.2.2, "
			+ "or use a newer protobuf-java. ";

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, LinkageError cause) {
		for (Throwable failure = cause; failure != null; failure = failure.getCause()) {
			String message = String.valueOf(failure.getMessage());
			Matcher tooOld = TOO_OLD.matcher(message);
			if (tooOld.find()) {
				String needed = tooOld.group(2);
				boolean protovalidate = isLoadedByProtovalidate(failure);
				String description = "%s needs protobuf-java %s or newer, but %s is on the classpath.".formatted(
						protovalidate ? protovalidate() : "The generated code of '" + tooOld.group(1) + "'", needed,
						tooOld.group(3));
				return analysis(description, protovalidate ? OLDER_PROTOVALIDATE : "", needed, rootFailure);
			}
			if (message.startsWith(VERSION_CLASS)) {
				return analysis(
						"Last Call needs protobuf-java %s or newer, but a version older than 4.26.0 is on the classpath."
							.formatted(OLDEST),
						"", OLDEST, rootFailure);
			}
		}
		return null;
	}

	/**
	 * Returns whether the generated code is that of protovalidate. protobuf names the
	 * class without its package.
	 */
	private static boolean isLoadedByProtovalidate(Throwable failure) {
		return Arrays.stream(failure.getStackTrace())
			.anyMatch((frame) -> frame.getClassName().startsWith("build.buf.validate."));
	}

	private static String protovalidate() {
		String version = Validator.class.getPackage().getImplementationVersion();
		return (version != null) ? "protovalidate " + version : "protovalidate";
	}

	private static FailureAnalysis analysis(String description, String alternative, String needed,
			Throwable rootFailure) {
		return new FailureAnalysis(description, alternative + ManagedVersion.PROTOBUF_JAVA.raiseTo(needed),
				rootFailure);
	}

}
