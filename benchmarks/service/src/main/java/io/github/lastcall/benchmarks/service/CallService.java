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

import com.google.protobuf.BytesValue;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;

/**
 * Calls of every kind, answered at once by the thread that the server gives them.
 */
public class CallService implements BindableService {

	@Override
	public ServerServiceDefinition bindService() {
		return ServerServiceDefinition.builder(CallMethods.SERVICE)
			.addMethod(CallMethods.ECHO, ServerCalls.asyncUnaryCall(CallService::echo))
			.addMethod(CallMethods.STREAM, ServerCalls.asyncServerStreamingCall(CallService::stream))
			.addMethod(CallMethods.PING_PONG, ServerCalls.asyncBidiStreamingCall(CallService::pingPong))
			.addMethod(CallMethods.WORK, ServerCalls.asyncUnaryCall(CallService::work))
			.build();
	}

	private static void echo(BytesValue request, StreamObserver<BytesValue> responses) {
		responses.onNext(request);
		responses.onCompleted();
	}

	private static void stream(BytesValue request, StreamObserver<BytesValue> responses) {
		long messages = LoadMethods.number(request.getValue().toByteArray());
		for (long i = 0; i < messages; i++) {
			responses.onNext(CallMethods.message(LoadMethods.number(i)));
		}
		responses.onCompleted();
	}

	private static StreamObserver<BytesValue> pingPong(StreamObserver<BytesValue> responses) {
		return new StreamObserver<>() {

			@Override
			public void onNext(BytesValue message) {
				responses.onNext(message);
			}

			@Override
			public void onError(Throwable failure) {
			}

			@Override
			public void onCompleted() {
				responses.onCompleted();
			}

		};
	}

	private static void work(BytesValue request, StreamObserver<BytesValue> responses) {
		responses.onNext(CallMethods.message(LoadMethods.number(Work.of(request).perform())));
		responses.onCompleted();
	}

}
