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

import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.github.lastcall.grpc.server.InProcessGrpcServerFactory;

import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.core.env.Environment;

/**
 * Registers the factory of the in-process server if one is configured when the
 * application starts.
 */
class InProcessRegistrar implements BeanRegistrar {

	@Override
	public void register(BeanRegistry registry, Environment environment) {
		if (Transport.IN_PROCESS.isConfigured(environment)) {
			registry.registerBean(Transport.IN_PROCESS.beanName(GrpcServerFactory.class),
					InProcessGrpcServerFactory.class,
					(spec) -> spec.notAutowirable()
						.supplier((context) -> new InProcessGrpcServerFactory(
								context.bean(GrpcServerProperties.class).inProcess().name(),
								"grpc.server.in-process.name")));
		}
	}

}
