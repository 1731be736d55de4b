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

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import io.github.lastcall.grpc.autoconfigure.GrpcEndpointAutoConfiguration;
import io.github.lastcall.grpc.autoconfigure.GrpcServerAutoConfiguration;
import io.github.lastcall.grpc.autoconfigure.GrpcServerDisabledAutoConfiguration;
import io.github.lastcall.grpc.autoconfigure.GrpcServerHealthContributorAutoConfiguration;
import io.github.lastcall.grpc.autoconfigure.GrpcServerMetricsAutoConfiguration;
import io.github.lastcall.grpc.autoconfigure.GrpcServerObservationAutoConfiguration;

import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.autoconfigure.context.LifecycleAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.health.autoconfigure.actuate.endpoint.AvailabilityProbesAutoConfiguration;
import org.springframework.boot.health.autoconfigure.actuate.endpoint.HealthEndpointAutoConfiguration;
import org.springframework.boot.health.autoconfigure.application.AvailabilityHealthContributorAutoConfiguration;
import org.springframework.boot.health.autoconfigure.application.DiskSpaceHealthContributorAutoConfiguration;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.autoconfigure.registry.HealthContributorRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration;

/**
 * The auto-configurations of this library, and those of Spring Boot that they work with.
 * A start with all the others, of which a test of the server sees nothing, takes twice as
 * long.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ImportAutoConfiguration({ GrpcEndpointAutoConfiguration.class, GrpcServerAutoConfiguration.class,
		GrpcServerDisabledAutoConfiguration.class, GrpcServerHealthContributorAutoConfiguration.class,
		GrpcServerMetricsAutoConfiguration.class, GrpcServerObservationAutoConfiguration.class,
		ApplicationAvailabilityAutoConfiguration.class, LifecycleAutoConfiguration.class, SslAutoConfiguration.class,
		EndpointAutoConfiguration.class, AvailabilityHealthContributorAutoConfiguration.class,
		DiskSpaceHealthContributorAutoConfiguration.class, HealthContributorAutoConfiguration.class,
		HealthContributorRegistryAutoConfiguration.class, HealthEndpointAutoConfiguration.class,
		AvailabilityProbesAutoConfiguration.class, MetricsAutoConfiguration.class,
		CompositeMeterRegistryAutoConfiguration.class, SimpleMetricsExportAutoConfiguration.class,
		ObservationAutoConfiguration.class })
public @interface EnableServerAutoConfiguration {

}
