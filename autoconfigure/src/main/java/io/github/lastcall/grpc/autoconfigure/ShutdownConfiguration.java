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

import java.time.Duration;

import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.executor.ThreadServerTimer;
import io.github.lastcall.grpc.lifecycle.ApplicationReadiness;
import io.github.lastcall.grpc.lifecycle.DrainControl;
import io.github.lastcall.grpc.lifecycle.GrpcAnnounceLifecycle;
import io.github.lastcall.grpc.lifecycle.Interruption;
import io.github.lastcall.grpc.lifecycle.ReadinessRefusal;
import io.github.lastcall.grpc.lifecycle.ServerStates;
import io.github.lastcall.grpc.lifecycle.ShutdownSettings;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.context.LifecycleProperties;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/**
 * Drain of the servers when the application stops or an operator takes it out of service.
 */
@Configuration(proxyBeanMethods = false)
class ShutdownConfiguration implements AopInfrastructureBean {

	@Bean
	ShutdownSettings lastCallShutdownSettings(GrpcServerProperties properties, Environment environment) {
		return properties.shutdown().settings(environment);
	}

	@Bean
	@ConditionalOnMissingBean(ServerTimer.class)
	ThreadServerTimer lastCallDrainTimer() {
		return ThreadServerTimer.started("grpc-shutdown");
	}

	@Bean
	ServerStates lastCallServerStates() {
		return new ServerStates();
	}

	@Bean
	Interruption lastCallInterruption() {
		return new Interruption();
	}

	@Bean
	GrpcAnnounceLifecycle lastCallAnnounceLifecycle(GrpcServers servers, Interruption interruption) {
		return new GrpcAnnounceLifecycle(servers.drains(), interruption);
	}

	@Bean
	ReadinessRefusal lastCallReadinessRefusal(ApplicationContext context, ApplicationAvailability availability,
			GrpcServers servers) {
		return new ReadinessRefusal(context, availability, servers.drains());
	}

	@Bean
	ApplicationReadiness lastCallApplicationReadiness(ApplicationContext context, ReadinessRefusal refusal,
			GrpcServers servers) {
		return new ApplicationReadiness(context, refusal, servers.drains());
	}

	@Bean
	DrainControl lastCallDrainControl(ReadinessRefusal refusal, GrpcServers servers) {
		return new DrainControl(refusal, servers.drains());
	}

	@Bean
	ShutdownPhaseTimeouts lastCallShutdownPhaseTimeouts(ConfigurableApplicationContext context,
			ShutdownSettings settings, ObjectProvider<LifecycleProperties> lifecycle) {
		LifecycleProperties properties = lifecycle.getIfAvailable();
		// Without Boot's auto-configuration Spring's own 10 seconds apply.
		Duration timeout = (properties != null) ? properties.getTimeoutPerShutdownPhase() : Duration.ofSeconds(10);
		return new ShutdownPhaseTimeouts(context, settings, timeout);
	}

}
