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
package io.github.lastcall.strangers.secured.both;

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.tls.PeerIdentity;
import io.github.lastcall.strangers.greeter.Greeting;
import io.github.lastcall.strangers.greeter.GreeterGrpc;
import io.github.lastcall.strangers.greeter.Guest;
import io.grpc.stub.StreamObserver;

import org.springframework.security.core.context.SecurityContextHolder;

/**
 * Greets in the name of the caller, and knows the machine that the call comes from.
 */
@GrpcService
class GreeterService extends GreeterGrpc.GreeterImplBase {

	@Override
	public void greet(Guest guest, StreamObserver<Greeting> greetings) {
		String caller = SecurityContextHolder.getContext().getAuthentication().getName();
		String client = PeerIdentity.current().map(PeerIdentity::subject).orElse("a client without a certificate");
		greetings.onNext(Greeting.newBuilder()
			.setText("Hello %s from %s through %s".formatted(guest.getName(), caller, client))
			.build());
		greetings.onCompleted();
	}

}
