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

package io.github.lastcall.benchmarks.service;

import java.util.function.Supplier;

import io.grpc.MethodDescriptor;

/**
 * How a call goes: requests one after the other, each when the one before is answered,
 * and responses until the server ends the call.
 *
 * @param <Q> the type of the requests
 * @param <R> the type of the responses
 * @param method what is called
 * @param request gives each request
 * @param requests how many requests a call sends
 * @param responses how many responses a call must get, or it has failed
 */
public record CallPattern<Q, R>(MethodDescriptor<Q, R> method, Supplier<Q> request, int requests, int responses) {

	/**
	 * One request, one response.
	 * @param <Q> the type of the request
	 * @param <R> the type of the response
	 * @param method what is called
	 * @param request the request of every call
	 * @return the pattern
	 */
	public static <Q, R> CallPattern<Q, R> unary(MethodDescriptor<Q, R> method, Q request) {
		return new CallPattern<>(method, () -> request, 1, 1);
	}

}
