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

package io.github.lastcall.grpc.testing;

import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;

/**
 * A service of any name with one unary method, bound by hand.
 */
public final class OneMethodService implements BindableService {

	private final String name;

	private final Supplier<String> answer;

	public OneMethodService(String name) {
		this(name, () -> name);
	}

	/**
	 * A service whose handler answers with something that it finds out.
	 */
	public OneMethodService(String name, Supplier<String> answer) {
		this.name = name;
		this.answer = answer;
	}

	@Override
	public ServerServiceDefinition bindService() {
		return ServerServiceDefinition.builder(this.name)
			.addMethod(method(this.name), ServerCalls.asyncUnaryCall((point, observer) -> {
				observer.onNext(Feature.newBuilder().setName(this.answer.get()).setLocation(point).build());
				observer.onCompleted();
			}))
			.build();
	}

	/**
	 * Call the method. A call that nobody ends fails in half a minute.
	 */
	public static Feature call(Channel channel, String name) {
		return ClientCalls.blockingUnaryCall(channel, method(name),
				CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(30, TimeUnit.SECONDS),
				Point.getDefaultInstance());
	}

	/**
	 * The method of a service.
	 */
	public static MethodDescriptor<Point, Feature> method(String service) {
		return MethodDescriptor.<Point, Feature>newBuilder()
			.setType(MethodType.UNARY)
			.setFullMethodName(MethodDescriptor.generateFullMethodName(service, "Call"))
			.setRequestMarshaller(ProtoUtils.marshaller(Point.getDefaultInstance()))
			.setResponseMarshaller(ProtoUtils.marshaller(Feature.getDefaultInstance()))
			.build();
	}

}
