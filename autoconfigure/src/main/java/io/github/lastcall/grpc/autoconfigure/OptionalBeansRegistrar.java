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

import io.github.lastcall.grpc.lifecycle.EnvoyHealthHeader;
import io.github.lastcall.grpc.server.Codecs;
import io.github.lastcall.grpc.server.InfrastructureService;
import io.github.lastcall.grpc.server.ResponseCompression;
import io.grpc.BindableService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;

import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * Registers the beans that a property switches on. A registrar is called when the
 * application starts, also in one that was processed ahead of time, where conditions were
 * decided by the properties of the build.
 */
class OptionalBeansRegistrar implements BeanRegistrar {

	private static final String COMPRESSION = "grpc.server.compression.responses";

	@Override
	public void register(BeanRegistry registry, Environment environment) {
		// A value of another type has an analysis if it is a Binder that cannot convert
		// it.
		Binder binder = Binder.get(environment);
		if (binder.bind("grpc.server.reflection.enabled", Boolean.class).orElse(true)) {
			registerReflection(registry);
		}
		if (binder.bind("grpc.server.shutdown.envoy-header", Boolean.class).orElse(false)) {
			registry.registerBean("lastCallEnvoyHealthHeader", EnvoyHealthHeader.class,
					(spec) -> spec.supplier((context) -> new EnvoyHealthHeader()));
		}
		String codec = environment.getProperty(COMPRESSION);
		if (codec != null) {
			registry.registerBean("lastCallResponseCompression", ResponseCompression.class, (spec) -> spec
				.supplier((context) -> new ResponseCompression(codec, context.bean(Codecs.class), COMPRESSION)));
		}
	}

	@SuppressWarnings("deprecation")
	private static void registerReflection(BeanRegistry registry) {
		registerReflection(registry, "lastCallReflectionServiceV1",
				(BindableService) ProtoReflectionServiceV1.newInstance(), "the reflection service (v1)");
		registerReflection(registry, "lastCallReflectionServiceV1Alpha",
				(BindableService) io.grpc.protobuf.services.ProtoReflectionService.newInstance(),
				"the reflection service (v1alpha)");
	}

	private static void registerReflection(BeanRegistry registry, String name, BindableService service,
			String description) {
		registry.registerBean(name, InfrastructureService.class,
				(spec) -> spec.supplier((context) -> new InfrastructureService(service, description)));
	}

}
