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
import java.util.concurrent.Callable
import java.util.concurrent.Executors
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.springframework.boot.SpringBootConfiguration
import org.springframework.boot.autoconfigure.EnableAutoConfiguration
import org.springframework.boot.test.context.SpringBootTest
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment
import org.springframework.context.annotation.Import
import org.springframework.security.core.context.SecurityContextHolder

/** The caller goes where the coroutines of its call go, and nowhere else. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@Timeout(60)
class CallerTests(@GrpcStub private val greeter: GreeterStub) {

	@Test
	fun `callers are known in everything that a suspending function calls`(): Unit = runBlocking {
		val seen = (1..100).map { number ->
			async(Dispatchers.Default) { "user$number" to greeter.greet(guest("Ada"), caller("user$number/GUEST")).text }
		}.awaitAll()
		assertThat(seen).allSatisfy { (name, text) ->
			assertThat(text.split(" ")).hasSize(6).containsOnly(name)
		}
	}

	@Test
	fun `callers are known in flows`(): Unit = runBlocking {
		val seen = (1..100).map { number ->
			async(Dispatchers.Default) { "user$number" to greeter.stay(guest("Ada"), caller("user$number/GUEST")).toList() }
		}.awaitAll()
		assertThat(seen).allSatisfy { (name, greetings) ->
			assertThat(greetings).extracting<String> { it.text }.hasSize(4).containsOnly(name)
		}
	}

	@Test
	fun `callers are known for each message of a stream`(): Unit = runBlocking {
		val guests = flowOf(guest("Ada"), guest("Bob"))
		assertThat(greeter.greetAll(guests, caller("alice/GUEST")).toList()).extracting<String> { it.text }
			.containsExactly("Ada alice", "Bob alice")
	}

	@Test
	fun `nobody stays on the thread of a dispatcher`(): Unit = runBlocking {
		assertThat(greeter.greet(guest("Ada"), caller("alice/GUEST")).text).contains("alice")
		assertThat(THREAD.submit(Callable { name() }).get()).isEqualTo("nobody")
		assertThat(greeter.greet(guest("Ada"), caller(null)).text.split(" ")).containsOnly("nobody")
	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(CallersConfiguration::class, Greeter::class)
	class Application

	@GrpcService
	class Greeter : GreeterCoroutineImplBase(THREAD.asCoroutineDispatcher()) {

		override suspend fun greet(request: Guest): Greeting {
			val seen = mutableListOf(name())
			seen += withContext(Dispatchers.IO) { name() }
			delay(1)
			seen += name()
			seen += withContext(Dispatchers.Unconfined) {
				delay(1)
				name()
			}
			coroutineScope {
				seen += async(Dispatchers.Default) {
					delay(1)
					name()
				}.await()
				launch {
					delay(1)
					seen += name()
				}
			}
			return greeting(seen.joinToString(" "))
		}

		override fun stay(request: Guest): Flow<Greeting> {
			val assembling = name()
			return flow {
				emit(greeting(assembling))
				emit(greeting(name()))
				delay(1)
				emit(greeting(name()))
				withContext(Dispatchers.IO) { name() }.let { emit(greeting(it)) }
			}.flowOn(Dispatchers.IO)
		}

		override fun greetAll(requests: Flow<Guest>): Flow<Greeting> =
			requests.map { greeting("${it.name} ${name()}") }

		private fun greeting(text: String) = Greeting.newBuilder().setText(text).build()

	}

	companion object {

		/** One thread for all coroutines that do not choose another. */
		private val THREAD = Executors.newSingleThreadExecutor { Thread(it, "greeter").apply { isDaemon = true } }

		private fun name() = SecurityContextHolder.getContext().authentication?.name ?: "nobody"

	}

}
