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

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import io.grpc.BindableService;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.test.autoconfigure.OverrideAutoConfiguration;
import org.springframework.boot.test.context.filter.annotation.TypeExcludeFilters;
import org.springframework.context.annotation.ComponentScan.Filter;
import org.springframework.core.annotation.AliasFor;
import org.springframework.test.context.BootstrapWith;
import org.springframework.test.context.junit.jupiter.SpringExtension;

/**
 * Tests services of an application without the rest of it: only the gRPC server is
 * configured, in the process, with all that is around a handler. Of the components that
 * the application scans, there are only
 * <ul>
 * <li>its {@code @GrpcService} classes, or those that {@link #value()} names</li>
 * <li>global interceptors ({@code @GlobalServerInterceptor})</li>
 * <li>{@code @GrpcAdvice} and {@code GrpcExceptionMapper}</li>
 * <li>{@code GrpcValidator}</li>
 * <li>{@code GrpcServerBuilderCustomizer}</li>
 * <li>{@code GrpcAuthenticationConverter} and {@code GrpcPeerMapper}, with Spring
 * Security</li>
 * </ul>
 * What the services need beyond that, such as repositories, comes from the test, usually
 * by {@code @MockitoBean}.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@BootstrapWith(GrpcTestContextBootstrapper.class)
@ExtendWith(SpringExtension.class)
@OverrideAutoConfiguration(enabled = false)
@TypeExcludeFilters(GrpcTypeExcludeFilter.class)
@AutoConfigureGrpcInProcess
@ImportAutoConfiguration
public @interface GrpcTest {

	/**
	 * Alias of {@link #services()}.
	 * @return the services to test
	 */
	@AliasFor("services")
	Class<? extends BindableService>[] value() default {};

	/**
	 * Services to test. Defaults to all {@code @GrpcService} classes that the application
	 * scans.
	 * @return the services to test
	 */
	@AliasFor("value")
	Class<? extends BindableService>[] services() default {};

	/**
	 * Properties in the form {@code name=value} to add to the environment.
	 * @return the properties
	 */
	String[] properties() default {};

	/**
	 * Whether to use the filter described above.
	 * @return whether to use the default filter
	 */
	boolean useDefaultFilters() default true;

	/**
	 * Filters for components to add.
	 * @return the filters
	 */
	Filter[] includeFilters() default {};

	/**
	 * Filters for components to leave out.
	 * @return the filters
	 */
	Filter[] excludeFilters() default {};

	/**
	 * Auto-configurations to leave out.
	 * @return the classes
	 */
	@AliasFor(annotation = ImportAutoConfiguration.class, attribute = "exclude")
	Class<?>[] excludeAutoConfiguration() default {};

}
