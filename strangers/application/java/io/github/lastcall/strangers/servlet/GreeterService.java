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

package io.github.lastcall.strangers.servlet;

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.call.DrainSignal;
import io.github.lastcall.strangers.greeter.Greeting;
import io.github.lastcall.strangers.greeter.GreeterGrpc;
import io.github.lastcall.strangers.greeter.Guest;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.transaction.annotation.Transactional;

/**
 * Greets in a transaction, by handlers that block.
 */
@GrpcService
class GreeterService extends GreeterGrpc.GreeterImplBase {

	private static final Logger logger = LoggerFactory.getLogger(GreeterService.class);

	private final GuestBook guestBook;

	GreeterService(GuestBook guestBook) {
		this.guestBook = guestBook;
	}

	@Override
	@Transactional
	public void greet(Guest guest, StreamObserver<Greeting> greetings) {
		if (guest.getUntilDrain()) {
			awaitDrain(guest);
		}
		greetings.onNext(greeting("Hello %s, guest number %d", guest.getName(), this.guestBook.enter(guest.getName())));
		if (guest.getName().isEmpty()) {
			throw new IllegalArgumentException("A guest without a name");
		}
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

	@Override
	public void stay(Guest guest, StreamObserver<Greeting> greetings) {
		((ServerCallStreamObserver<Greeting>) greetings)
			.setOnCancelHandler(() -> logger.info("{} was cancelled", guest.getName()));
		greetings.onNext(greeting("Welcome %s", guest.getName()));
		DrainSignal.current().onDrain(() -> {
			greetings.onNext(greeting("Goodbye %s", guest.getName()));
			greetings.onCompleted();
		});
	}

	@Override
	public StreamObserver<Guest> greetAll(StreamObserver<Greeting> greetings) {
		return new StreamObserver<>() {

			@Override
			public void onNext(Guest guest) {
				greetings.onNext(greeting("Hello %s", guest.getName()));
			}

			@Override
			public void onError(Throwable cause) {
				logger.info("The guests were cancelled");
			}

			@Override
			public void onCompleted() {
				greetings.onCompleted();
			}

		};
	}

	private static Greeting greeting(String text, Object... arguments) {
		return Greeting.newBuilder().setText(text.formatted(arguments)).build();
	}

}
