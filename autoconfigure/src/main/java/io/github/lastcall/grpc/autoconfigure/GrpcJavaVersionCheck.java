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

import java.lang.module.ModuleDescriptor.Version;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.grpc.internal.GrpcUtil;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Fails the start if grpc-java is too old, before any bean is created. A server might
 * start with such a version and fail on its first connection.
 */
class GrpcJavaVersionCheck implements BeanFactoryPostProcessor, AopInfrastructureBean {

	/**
	 * The version that Spring Boot 4.1.0 manages.
	 */
	static final String OLDEST = "1.80.0";

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
		check(GrpcUtil.getGrpcBuildVersion().getImplementationVersion());
	}

	static void check(String version) {
		if (Version.parse(version).compareTo(Version.parse(OLDEST)) < 0) {
			throw new GrpcServerStartException(
					"Last Call needs grpc-java %s or newer, but %s is on the classpath.".formatted(OLDEST, version),
					ManagedVersion.GRPC_JAVA.raiseTo(OLDEST));
		}
	}

}
