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

package io.github.lastcall.strangers.bootgrpc;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.grpc.test.autoconfigure.AutoConfigureTestGrpcTransport;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.test.context.TestContextManager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests of applications that have Spring Boot's starter for tests of gRPC servers.
 */
@ExtendWith(OutputCaptureExtension.class)
class TestTransportTests {

	@Test
	void theTestTransportOfSpringBootIsExplained(CapturedOutput output) {
		TestContextManager test = new TestContextManager(WithTestTransport.class);
		assertThatIllegalStateException().isThrownBy(() -> test.getTestContext().getApplicationContext());
		assertThat(output).contains("APPLICATION FAILED TO START", "Remove @AutoConfigureTestGrpcTransport",
				"@AutoConfigureGrpcInProcess");
	}

	@Test
	void withoutItTheStarterStartsNoOtherServer(CapturedOutput output) {
		TestContextManager test = new TestContextManager(WithoutTestTransport.class);
		assertThat(test.getTestContext().getApplicationContext().getEnvironment())
			.extracting((environment) -> environment.getProperty("spring.grpc.server.enabled"))
			.isEqualTo("false");
		assertThat(output).containsOnlyOnce(" listens on ");
	}

	@SpringBootTest
	@AutoConfigureTestGrpcTransport
	static class WithTestTransport {

	}

	@SpringBootTest
	static class WithoutTestTransport {

	}

}
