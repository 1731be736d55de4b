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

package io.github.lastcall.strangers.kotlin

import io.github.lastcall.grpc.call.DrainSignal
import io.github.lastcall.grpc.error.GrpcAdvice
import io.github.lastcall.grpc.error.GrpcError
import io.github.lastcall.grpc.error.GrpcExceptionHandler
import io.github.lastcall.grpc.server.GlobalServerInterceptor
import io.github.lastcall.grpc.server.GrpcService
import io.github.lastcall.strangers.greeter.CloseLog
import io.github.lastcall.strangers.greeter.Failure
import io.github.lastcall.strangers.greeter.GreeterGrpcKt
import io.github.lastcall.strangers.greeter.Greeting
import io.github.lastcall.strangers.greeter.Guest
import io.github.lastcall.strangers.greeter.GuestUnknownException
import io.github.lastcall.strangers.greeter.Reception
import io.grpc.Status
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.onCompletion
import kotlinx.coroutines.future.await
import kotlinx.coroutines.withContext
import org.slf4j.LoggerFactory
import org.springframework.boot.autoconfigure.SpringBootApplication
import org.springframework.boot.runApplication
import org.springframework.context.annotation.Bean
import org.springframework.security.core.context.SecurityContextHolder

@SpringBootApplication
class GreeterApplication {

	@Bean
	@GlobalServerInterceptor
	fun closeLog() = CloseLog()

}

fun main(args: Array<String>) {
	runApplication<GreeterApplication>(*args)
}

/** Greets with coroutines. */
@GrpcService
class GreeterService : GreeterGrpcKt.GreeterCoroutineImplBase() {

	private val logger = LoggerFactory.getLogger(GreeterService::class.java)

	override suspend fun greet(request: Guest): Greeting {
		admit(request)
		if (request.untilDrain) {
			logger.info("{} waits", request.name)
			awaitDrain()
		}
		return greeting("Hello ${request.name}" + caller())
	}

	override fun stay(request: Guest): Flow<Greeting> = flow {
		emit(greeting("Welcome ${request.name}"))
		admit(request)
		awaitDrain()
		emit(greeting("Goodbye ${request.name}"))
	}.onCompletion { cause ->
		if (cause is CancellationException) {
			logger.info("{} was cancelled", request.name)
		}
	}

	override fun greetAll(requests: Flow<Guest>): Flow<Greeting> = requests.map { greeting("Hello ${admit(it).name}") }

	private suspend fun admit(guest: Guest): Guest =
		if (guest.failure == Failure.FAILURE_FUTURE) Reception.admitLater(guest).await() else Reception.admit(guest)

	/** The caller of a suspended call is known on every dispatcher. */
	private suspend fun caller(): String = withContext(Dispatchers.IO) {
		SecurityContextHolder.getContext().authentication?.let { " from ${it.name}" } ?: ""
	}

	private suspend fun awaitDrain() {
		val drain = CompletableDeferred<Unit>()
		DrainSignal.current().onDrain { drain.complete(Unit) }
		drain.await()
	}

	private fun greeting(text: String) = Greeting.newBuilder().setText(text).build()

}

/** What clients are told of exceptions. */
@GrpcAdvice
class GuestErrors {

	@GrpcExceptionHandler
	fun unknown(ex: GuestUnknownException): GrpcError = GrpcError.of(Status.Code.NOT_FOUND)
		.description("Nobody knows ${ex.name}")
		.reason("UNKNOWN_GUEST")
		.domain("strangers")

}
