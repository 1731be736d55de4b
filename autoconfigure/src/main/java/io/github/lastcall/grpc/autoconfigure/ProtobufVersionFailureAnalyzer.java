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

import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Explains generated code that does not load because protobuf is older than its
 * generator, be it this library's or the application's.
 */
class ProtobufVersionFailureAnalyzer extends AbstractFailureAnalyzer<LinkageError> {

	/**
	 * What the generated code of this library needs.
	 */
	static final String OLDEST = "4.34.2";

	/**
	 * What protobuf says, also when a class is used again that has failed to load before:
	 * the exception itself is not there then.
	 */
	private static final Pattern TOO_OLD = Pattern
		.compile("Protobuf Gencode/Runtime .* when loading (.+?): gencode (\\S+), runtime (\\S+)\\. ");

	/**
	 * Generated code asks it for the version; it came with 4.26.
	 */
	private static final String VERSION_CLASS = "com/google/protobuf/RuntimeVersion";

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, LinkageError cause) {
		for (Throwable failure = cause; failure != null; failure = failure.getCause()) {
			String message = String.valueOf(failure.getMessage());
			Matcher tooOld = TOO_OLD.matcher(message);
			if (tooOld.find()) {
				return analysis(
						"The generated code of '%s' needs protobuf-java %s or newer, but %s is on the classpath."
							.formatted(tooOld.group(1), tooOld.group(2), tooOld.group(3)),
						tooOld.group(2), rootFailure);
			}
			if (message.startsWith(VERSION_CLASS)) {
				return analysis(
						"Last Call needs protobuf-java %s or newer, but a version older than 4.26.0 is on the classpath."
							.formatted(OLDEST),
						OLDEST, rootFailure);
			}
		}
		return null;
	}

	private static FailureAnalysis analysis(String description, String needed, Throwable rootFailure) {
		return new FailureAnalysis(description, ManagedVersion.PROTOBUF_JAVA.raiseTo(needed), rootFailure);
	}

}
