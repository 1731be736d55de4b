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

import io.github.lastcall.grpc.security.GrpcAuthenticationConverter
import io.github.lastcall.strangers.greeter.GreeterGrpcKt
import io.github.lastcall.strangers.greeter.Guest
import io.grpc.Metadata
import org.springframework.context.annotation.Bean
import org.springframework.context.annotation.Configuration
import org.springframework.security.authentication.TestingAuthenticationToken

/** Callers are who they say they are: a name, a slash and a role. */
@Configuration(proxyBeanMethods = false)
class CallersConfiguration {

	@Bean
	fun callers() = GrpcAuthenticationConverter { call ->
		call.headers().get(CALLER)?.split("/")?.let { (name, role) -> TestingAuthenticationToken(name, "", "ROLE_$role") }
	}

}

private val CALLER = Metadata.Key.of("caller", Metadata.ASCII_STRING_MARSHALLER)

/** Metadata of a caller, none if it is null. */
fun caller(caller: String?) = Metadata().apply { caller?.let { put(CALLER, it) } }

fun guest(name: String): Guest = Guest.newBuilder().setName(name).build()

typealias GreeterStub = GreeterGrpcKt.GreeterCoroutineStub
