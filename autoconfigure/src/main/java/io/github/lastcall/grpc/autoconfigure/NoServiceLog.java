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

import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.server.GrpcService;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.SmartInitializingSingleton;

/**
 * Logs why a context starts no server: there are no services, or they are defined too
 * late or in a parent context.
 */
final class NoServiceLog implements AopInfrastructureBean, SmartInitializingSingleton {

	private static final Log logger = LogFactory.getLog(GrpcServerAutoConfiguration.class);

	private final ListableBeanFactory beanFactory;

	NoServiceLog(ListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	@Override
	public void afterSingletonsInstantiated() {
		String[] late = this.beanFactory.getBeanNamesForAnnotation(GrpcService.class);
		String[] all = BeanFactoryUtils.beanNamesForAnnotationIncludingAncestors(this.beanFactory, GrpcService.class);
		if (late.length > 0) {
			logger
				.warn("The @GrpcService beans %s are not served: they were defined after %s had collected such beans. "
					.formatted(Arrays.toString(late), GrpcServerAutoConfiguration.class.getSimpleName())
						+ "Remove that class from 'after' of the auto-configuration that defines them, or define them in a @Configuration class");
		}
		else if (all.length == 0) {
			logger.info("No @GrpcService bean found: the gRPC server is not started");
		}
		else if (BeanFactoryUtils.beanNamesForTypeIncludingAncestors(this.beanFactory,
				GrpcServerDrain.class).length == 0) {
			logger.warn(
					"The @GrpcService beans %s are not served: they are defined in a parent of the context that contains %s. "
						.formatted(Arrays.toString(all), GrpcServerAutoConfiguration.class.getSimpleName())
							+ "Define them in the same context");
		}
	}

}
