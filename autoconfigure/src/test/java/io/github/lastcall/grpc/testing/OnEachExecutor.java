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

package io.github.lastcall.grpc.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.Method;

import io.github.lastcall.grpc.autoconfigure.GrpcServerProperties.ExecutorType;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.system.JavaVersion;

/**
 * A test of what must not depend on where calls run. It runs with each
 * {@link ExecutorType} as its first argument, where there are no virtual threads without
 * those.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest
@EnumSource(ExecutorType.class)
@ExtendWith(OnEachExecutor.VirtualThreads.class)
public @interface OnEachExecutor {

	/**
	 * Skips what needs virtual threads where there are none.
	 */
	class VirtualThreads implements InvocationInterceptor {

		@Override
		public void interceptTestTemplateMethod(Invocation<Void> invocation,
				ReflectiveInvocationContext<Method> invocationContext, ExtensionContext extensionContext)
				throws Throwable {
			JavaVersion version = JavaVersion.getJavaVersion();
			Assumptions.assumeTrue(
					invocationContext.getArguments().get(0) != ExecutorType.VIRTUAL
							|| version.isEqualOrNewerThan(JavaVersion.TWENTY_ONE),
					() -> "Java %s has no virtual threads".formatted(version));
			invocation.proceed();
		}

	}

}
