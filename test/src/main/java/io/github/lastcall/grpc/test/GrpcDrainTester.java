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

package io.github.lastcall.grpc.test;

import java.util.List;

import io.github.lastcall.grpc.call.InFlightCalls;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Sends the drain signal to the handlers of a server that keeps serving, to test how they
 * end their streams. There is a bean of this type in the application context of a test;
 * what it does ends with the test method. For a handler without an application context,
 * there is {@link io.github.lastcall.grpc.call.SimulatedDrain}.
 */
public final class GrpcDrainTester implements AopInfrastructureBean {

	private final List<InFlightCalls> calls;

	GrpcDrainTester(List<InFlightCalls> calls) {
		this.calls = calls;
	}

	/**
	 * Sends the signal to all calls, including those that begin later.
	 */
	public void drain() {
		this.calls.forEach(InFlightCalls::simulateDrain);
	}

	/**
	 * Stops sending the signal to calls that begin later.
	 */
	public void resume() {
		this.calls.forEach(InFlightCalls::endSimulatedDrain);
	}

}
