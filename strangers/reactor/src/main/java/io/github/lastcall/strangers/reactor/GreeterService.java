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

package io.github.lastcall.strangers.reactor;

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.call.DrainSignal;
import io.github.lastcall.strangers.greeter.Failure;
import io.github.lastcall.strangers.greeter.Greeting;
import io.github.lastcall.strangers.greeter.Guest;
import io.github.lastcall.strangers.greeter.ReactorGreeterGrpc;
import io.github.lastcall.strangers.greeter.Reception;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;

/**
 * Greets with publishers.
 */
@GrpcService
class GreeterService extends ReactorGreeterGrpc.GreeterImplBase {

	private static final Logger logger = LoggerFactory.getLogger(GreeterService.class);

	@Override
	public Mono<Greeting> greet(Mono<Guest> guests) {
		Mono<Void> drain = drain();
		String caller = caller();
		return guests.flatMap(GreeterService::admitted)
			.flatMap((guest) -> guest.getUntilDrain() ? waiting(guest, drain) : Mono.just(guest))
			.map((guest) -> greeting("Hello %s" + caller, guest));
	}

	/**
	 * The caller is taken while the pipeline is assembled, as the drain signal below.
	 */
	private static String caller() {
		Authentication caller = SecurityContextHolder.getContext().getAuthentication();
		return (caller != null) ? " from " + caller.getName() : "";
	}

	private static Mono<Guest> admitted(Guest guest) {
		return (guest.getFailure() == Failure.FAILURE_FUTURE) ? Mono.fromFuture(Reception.admitLater(guest))
				: Mono.just(Reception.admit(guest));
	}

	private static Mono<Guest> waiting(Guest guest, Mono<Void> drain) {
		logger.info("{} waits", guest.getName());
		return drain.thenReturn(guest);
	}

	@Override
	public Flux<Greeting> stay(Mono<Guest> guests) {
		Mono<Void> drain = drain();
		return guests.flatMapMany((guest) -> Flux.just(greeting("Welcome %s", guest))
			.concatWith(Mono.defer(() -> admitted(guest)).then(drain).thenReturn(greeting("Goodbye %s", guest)))
			.doOnCancel(() -> logger.info("{} was cancelled", guest.getName())));
	}

	@Override
	public Flux<Greeting> greetAll(Flux<Guest> guests) {
		return guests.concatMap(GreeterService::admitted).map((guest) -> greeting("Hello %s", guest));
	}

	/**
	 * When the server drains. The signal belongs to the call, so it is taken while the
	 * pipeline is assembled: what runs on a scheduler later does not have the call's
	 * context.
	 */
	private static Mono<Void> drain() {
		DrainSignal signal = DrainSignal.current();
		return Mono.create((sink) -> signal.onDrain(sink::success));
	}

	private static Greeting greeting(String text, Guest guest) {
		return Greeting.newBuilder().setText(text.formatted(guest.getName())).build();
	}

}
