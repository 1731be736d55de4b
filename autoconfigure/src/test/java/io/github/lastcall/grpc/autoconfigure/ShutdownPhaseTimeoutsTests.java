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
import java.util.HashMap;
import java.util.Map;

import io.github.lastcall.grpc.lifecycle.GrpcAnnounceLifecycle;
import io.github.lastcall.grpc.lifecycle.GrpcServerLifecycle;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.OneMethodService;
import org.junit.jupiter.api.Test;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.DefaultLifecycleProcessor;
import org.springframework.core.env.Environment;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application with a lifecycle processor of its own.
 */
class ShutdownPhaseTimeoutsTests {

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withUserConfiguration(OwnProcessorConfiguration.class)
		.withPropertyValues("grpc.server.shutdown.propagation-delay=40s", "grpc.server.shutdown.grace-period=50s");

	@Test
	void aLongerTimeoutOfTheApplicationForOnePhaseStays() {
		this.runner.withPropertyValues("test.phase-timeout=300", "test.timeout=1").run((context) -> {
			OwnProcessor processor = context.getBean(OwnProcessor.class);
			assertThat(processor.timeouts.get(GrpcServerLifecycle.PHASE)).isEqualTo(Duration.ofSeconds(300));
			// Too short for the announcement, which needs 40 s.
			assertThat(processor.timeouts.get(GrpcAnnounceLifecycle.PHASE)).isGreaterThan(Duration.ofSeconds(40));
		});
	}

	@Test
	void aLongerTimeoutOfTheApplicationForAllPhasesStays() {
		this.runner.withPropertyValues("test.timeout=200").run((context) -> {
			OwnProcessor processor = context.getBean(OwnProcessor.class);
			assertThat(processor.timeouts).isEmpty();
		});
	}

	@Test
	void aShorterTimeoutOfTheApplicationIsRaised() {
		this.runner.withPropertyValues("test.phase-timeout=3", "test.timeout=200").run((context) -> {
			OwnProcessor processor = context.getBean(OwnProcessor.class);
			assertThat(processor.timeouts.get(GrpcServerLifecycle.PHASE)).isGreaterThan(Duration.ofSeconds(50));
		});
	}

	/**
	 * Tells what others do not: its timeouts.
	 */
	static class OwnProcessor extends DefaultLifecycleProcessor {

		final Map<Integer, Duration> timeouts = new HashMap<>();

		@Override
		public void setTimeoutForShutdownPhase(int phase, long timeout) {
			super.setTimeoutForShutdownPhase(phase, timeout);
			this.timeouts.put(phase, Duration.ofMillis(timeout));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnProcessorConfiguration {

		@Bean
		OwnProcessor lifecycleProcessor(Environment environment) {
			OwnProcessor processor = new OwnProcessor();
			processor.setTimeoutPerShutdownPhase(1000 * environment.getRequiredProperty("test.timeout", Long.class));
			Long phase = environment.getProperty("test.phase-timeout", Long.class);
			if (phase != null) {
				processor.setTimeoutForShutdownPhase(GrpcServerLifecycle.PHASE, 1000 * phase);
			}
			return processor;
		}

		@Bean
		@GrpcService
		OneMethodService service() {
			return new OneMethodService("a.Service");
		}

	}

}
