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
import io.github.lastcall.grpc.test.GrpcStub
import io.github.lastcall.strangers.greeter.GreeterGrpcKt.GreeterCoroutineImplBase
import io.github.lastcall.strangers.greeter.Greeting
import io.github.lastcall.strangers.greeter.Guest
import io.grpc.Status.Code.PERMISSION_DENIED
import io.grpc.Status.Code.UNAUTHENTICATED
import io.grpc.StatusException
import java.util.concurrent.CopyOnWriteArrayList
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.assertj.core.api.Assertions.assertThat
import org.assertj.core.api.Assertions.assertThatExceptionOfType
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.springframework.beans.factory.annotation.Autowired
import org.springframework.boot.SpringBootConfiguration
import org.springframework.boot.autoconfigure.EnableAutoConfiguration
import org.springframework.boot.test.context.SpringBootTest
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment
import org.springframework.context.annotation.Import
import org.springframework.security.access.annotation.Secured
import org.springframework.security.access.prepost.PreAuthorize
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity
import org.springframework.security.core.context.SecurityContextHolder
import org.springframework.stereotype.Component

/** Annotations on suspending functions and on flows decide once per call. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@Timeout(60)
class MethodSecurityTests(@GrpcStub private val greeter: GreeterStub, @Autowired private val checks: Checks) {

	@BeforeEach
	fun forget() = checks.seen.clear()

	@Test
	fun `a suspending function is protected`() {
		assertDecides { caller -> greeter.greet(guest("Ada"), caller(caller)).text }
		assertThat(checks.seen).containsExactly("Ada", "Ada", "Ada")
	}

	@Test
	fun `a suspending function sees its request`() {
		assertDenied("alice/DRIVER") { greeter.greet(guest("Bob"), caller(it)) }
	}

	@Test
	fun `a flow is protected`() {
		assertDecides { caller -> greeter.stay(guest("Ada"), caller(caller)).toList().joinToString { it.text } }
	}

	@Test
	fun `a flow of requests is protected`() {
		assertDecides { caller ->
			greeter.greetAll(flowOf(guest("Ada"), guest("Bob")), caller(caller)).toList().map { it.text }.distinct().single()
		}
		assertThat(checks.seen).containsExactly("flow", "flow", "flow")
	}

	private fun assertDecides(call: suspend (String?) -> String) {
		assertThat(runBlocking { call("alice/DRIVER") }).isEqualTo("Hello alice")
		assertDenied("bob/GUEST", call)
		assertThatExceptionOfType(StatusException::class.java).isThrownBy { runBlocking { call(null) } }
			.satisfies({ assertThat(it.status.code).isEqualTo(UNAUTHENTICATED) })
	}

	private fun assertDenied(caller: String, call: suspend (String?) -> Any) {
		assertThatExceptionOfType(StatusException::class.java).isThrownBy { runBlocking { call(caller) } }
			.satisfies({ assertThat(it.status.code).isEqualTo(PERMISSION_DENIED) })
	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableMethodSecurity(proxyTargetClass = true, securedEnabled = true)
	@Import(CallersConfiguration::class, Checks::class, Greeter::class)
	class Application

	@Component("checks")
	class Checks {

		val seen = CopyOnWriteArrayList<String>()

		fun note(what: String) = seen.add(what)

	}

	@GrpcService
	class Greeter : GreeterCoroutineImplBase() {

		@PreAuthorize("@checks.note(#request.name) and hasRole('DRIVER') and #request.name == 'Ada'")
		override suspend fun greet(request: Guest): Greeting {
			delay(1)
			return withContext(Dispatchers.IO) { greeting() }
		}

		@Secured("ROLE_DRIVER")
		override fun stay(request: Guest): Flow<Greeting> = flow {
			delay(1)
			emit(greeting())
		}

		@PreAuthorize("@checks.note('flow') and hasRole('DRIVER')")
		override fun greetAll(requests: Flow<Guest>): Flow<Greeting> = requests.map { greeting() }

		private fun greeting(): Greeting =
			Greeting.newBuilder().setText("Hello ${SecurityContextHolder.getContext().authentication!!.name}").build()

	}

}
