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

import com.google.common.util.concurrent.ListenableFuture;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.grpc.CallOptions;
import io.grpc.stub.ClientCalls;

import org.springframework.context.annotation.Bean;

/**
 * Configuration of an application whose handler holds its thread until it is released.
 */
public class Held extends HeldThreads {

	/**
	 * Name of the service.
	 */
	public static final String SERVICE = "a.Held";

	@Bean
	@GrpcService
	OneMethodService heldService() {
		return new OneMethodService(SERVICE, this::answer);
	}

	private String answer() {
		hold();
		return "held";
	}

	/**
	 * Begins a call, which ends after the release.
	 */
	public static ListenableFuture<Feature> call(GrpcClient client) {
		return ClientCalls.futureUnaryCall(
				client.channel().newCall(OneMethodService.method(SERVICE), CallOptions.DEFAULT),
				Point.getDefaultInstance());
	}

}
