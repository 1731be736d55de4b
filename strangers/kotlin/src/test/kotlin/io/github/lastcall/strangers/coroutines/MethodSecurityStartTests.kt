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

package io.github.lastcall.strangers.coroutines

import io.github.lastcall.grpc.server.GrpcService
import io.github.lastcall.strangers.greeter.GreeterGrpcKt.GreeterCoroutineImplBase
import io.github.lastcall.strangers.greeter.Greeting
import io.github.lastcall.strangers.greeter.Guest
import org.assertj.core.api.Assertions.assertThat
import org.assertj.core.api.Assertions.assertThatException
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.extension.ExtendWith
import org.springframework.boot.autoconfigure.EnableAutoConfiguration
import org.springframework.boot.builder.SpringApplicationBuilder
import org.springframework.boot.test.system.CapturedOutput
import org.springframework.boot.test.system.OutputCaptureExtension
import org.springframework.context.annotation.Bean
import org.springframework.context.annotation.Configuration
import org.springframework.security.access.prepost.PostAuthorize
import org.springframework.security.access.prepost.PreAuthorize
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity

/** Annotations on suspending functions fail the start where they would protect nothing. */
@Timeout(60)
@ExtendWith(OutputCaptureExtension::class)
class MethodSecurityStartTests {

	@Test
	fun `a class that is not open fails the start`(output: CapturedOutput) {
		start(FinalGreeter::class.java)
		assertThat(output).contains("The @GrpcService bean 'greeter' needs a proxy, for annotations such as @PreAuthorize or " +
			"@Transactional, and cannot have one: ${Closed::class.java.name} is final.")
			.contains("the compiler plugin kotlin-spring opens them")
	}

	@Test
	fun `an annotation that is evaluated before there is an answer fails the start`(output: CapturedOutput) {
		start(AnswerGreeter::class.java)
		assertThat(output).contains("has @PostAuthorize(\"returnObject != null\"), which does not protect anything there: " +
			"it is evaluated before the returned publisher or coroutine has an answer.")
	}

	private fun start(greeter: Class<*>) {
		val application = SpringApplicationBuilder(Application::class.java, greeter).properties("spring.main.banner-mode=off")
		assertThatException().isThrownBy { application.run() }
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableMethodSecurity(proxyTargetClass = true)
	class Application

	@Configuration(proxyBeanMethods = false)
	class FinalGreeter {

		@Bean
		@GrpcService
		fun greeter() = Closed()

	}

	/** Has no annotation for which the plugin opens classes. */
	class Closed : GreeterCoroutineImplBase() {

		@PreAuthorize("hasRole('DRIVER')")
		override suspend fun greet(request: Guest): Greeting = Greeting.getDefaultInstance()

	}

	@GrpcService
	class AnswerGreeter : GreeterCoroutineImplBase() {

		@PostAuthorize("returnObject != null")
		override suspend fun greet(request: Guest): Greeting = Greeting.getDefaultInstance()

	}

}
