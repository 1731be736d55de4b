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

package io.github.lastcall.strangers.bootgrpc;

import io.github.lastcall.grpc.call.DrainSignal;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.strangers.greeter.Greeting;
import io.github.lastcall.strangers.greeter.GreeterGrpc;
import io.github.lastcall.strangers.greeter.Guest;
import io.grpc.stub.StreamObserver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.annotation.Value;

/**
 * Greets, or lets one of the replicas greet, itself among them.
 */
@GrpcService
class GreeterService extends GreeterGrpc.GreeterImplBase {

	private static final Logger logger = LoggerFactory.getLogger(GreeterService.class);

	private final GreeterGrpc.GreeterBlockingStub replicas;

	private final String address;

	GreeterService(GreeterGrpc.GreeterBlockingStub replicas, @Value("${grpc.server.address:}") String address) {
		this.replicas = replicas;
		this.address = address;
	}

	@Override
	public void greet(Guest guest, StreamObserver<Greeting> greetings) {
		if (guest.getUntilDrain()) {
			awaitDrain(guest);
		}
		greetings.onNext(guest.getByReplica() ? this.replicas.greet(Guest.newBuilder().setName(guest.getName()).build())
				: greeting(guest));
		greetings.onCompleted();
	}

	private static void awaitDrain(Guest guest) {
		DrainSignal signal = DrainSignal.current();
		logger.info("{} waits", guest.getName());
		while (!signal.isDraining()) {
			pause();
		}
	}

	private static void pause() {
		try {
			Thread.sleep(10);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private Greeting greeting(Guest guest) {
		return Greeting.newBuilder().setText("Hello %s from %s".formatted(guest.getName(), this.address)).build();
	}

}
