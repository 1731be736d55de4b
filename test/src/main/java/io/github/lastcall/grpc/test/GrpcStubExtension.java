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

import java.lang.reflect.Method;
import java.lang.reflect.Parameter;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.test.context.junit.jupiter.SpringExtension;

/**
 * Resolves {@link GrpcStub @GrpcStub} parameters, and gives the fields of a test and of
 * the classes around it the metadata of its method.
 */
class GrpcStubExtension implements ParameterResolver, BeforeEachCallback, AfterEachCallback {

	@Override
	public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
		return AnnotatedElementUtils.hasAnnotation(parameter.getParameter(), GrpcStub.class);
	}

	@Override
	public Object resolveParameter(ParameterContext parameterContext, ExtensionContext context) {
		Parameter parameter = parameterContext.getParameter();
		return Stubs.create(parameter.getType(), SpringExtension.getApplicationContext(context),
				CallMetadata.of(context.getRequiredTestClass())
					.with(context.getTestMethod().orElse(null))
					.with(parameter));
	}

	@Override
	public void beforeEach(ExtensionContext context) {
		Method method = context.getRequiredTestMethod();
		if (AnnotatedElementUtils.hasAnnotation(method, WithGrpcMetadata.class)) {
			inject(context, CallMetadata.of(context.getRequiredTestClass()).with(method));
		}
	}

	/**
	 * An instance may be used for further tests.
	 */
	@Override
	public void afterEach(ExtensionContext context) {
		if (AnnotatedElementUtils.hasAnnotation(context.getRequiredTestMethod(), WithGrpcMetadata.class)) {
			inject(context, CallMetadata.of(context.getRequiredTestClass()));
		}
	}

	private static void inject(ExtensionContext context, CallMetadata metadata) {
		context.getRequiredTestInstances()
			.getAllInstances()
			.forEach((instance) -> Stubs.inject(instance, () -> SpringExtension.getApplicationContext(context),
					metadata));
	}

}
