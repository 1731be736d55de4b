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

import org.jspecify.annotations.Nullable;

import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.context.ContextConfigurationAttributes;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.ContextCustomizerFactory;
import org.springframework.test.context.TestContextAnnotationUtils;

/**
 * Customizes the contexts of tests with {@link SpringBootTest @SpringBootTest} or
 * {@link AutoConfigureGrpcInProcess @AutoConfigureGrpcInProcess}.
 */
class TestServerContextCustomizerFactory implements ContextCustomizerFactory {

	@Override
	public @Nullable ContextCustomizer createContextCustomizer(Class<?> testClass,
			List<ContextConfigurationAttributes> configAttributes) {
		AutoConfigureGrpcInProcess inProcess = TestContextAnnotationUtils.findMergedAnnotation(testClass,
				AutoConfigureGrpcInProcess.class);
		if (inProcess != null) {
			return new TestServerContextCustomizer(
					inProcess.enabled() ? ServerListening.IN_PROCESS : ServerListening.AS_CONFIGURED);
		}
		SpringBootTest test = TestContextAnnotationUtils.findMergedAnnotation(testClass, SpringBootTest.class);
		return (test != null) ? new TestServerContextCustomizer(ServerListening.of(test.webEnvironment())) : null;
	}

}
