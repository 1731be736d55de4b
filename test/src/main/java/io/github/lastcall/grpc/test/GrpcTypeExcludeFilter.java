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

import java.util.Set;

import io.github.lastcall.grpc.error.GrpcAdvice;
import io.github.lastcall.grpc.error.GrpcExceptionMapper;
import io.github.lastcall.grpc.security.GrpcAuthenticationConverter;
import io.github.lastcall.grpc.security.GrpcPeerMapper;
import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.validation.GrpcValidator;

import org.springframework.boot.test.context.filter.annotation.StandardAnnotationCustomizableTypeExcludeFilter;

/**
 * Leaves out components that are not part of a {@link GrpcTest @GrpcTest}.
 */
class GrpcTypeExcludeFilter extends StandardAnnotationCustomizableTypeExcludeFilter<GrpcTest> {

	private static final Set<Class<?>> INCLUDES = Set.of(GlobalServerInterceptor.class, GrpcAdvice.class,
			GrpcExceptionMapper.class, GrpcValidator.class, GrpcServerBuilderCustomizer.class,
			GrpcAuthenticationConverter.class, GrpcPeerMapper.class);

	private final Set<Class<?>> services;

	GrpcTypeExcludeFilter(Class<?> testClass) {
		super(testClass);
		Class<?>[] services = getAnnotation().getValue("services", Class[].class).orElse(new Class<?>[0]);
		this.services = (services.length > 0) ? Set.of(services) : Set.of(GrpcService.class);
	}

	@Override
	protected Set<Class<?>> getKnownIncludes() {
		return INCLUDES;
	}

	@Override
	protected Set<Class<?>> getComponentIncludes() {
		return this.services;
	}

}
