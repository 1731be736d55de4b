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

package io.github.lastcall.strangers;

import java.util.concurrent.TimeUnit;

import io.github.lastcall.strangers.greeter.Greeting;
import io.github.lastcall.strangers.greeter.GreeterGrpc;
import io.github.lastcall.strangers.greeter.Guest;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is the same for all: every kind of call is served, a client that cancels reaches
 * the handler, and SIGTERM loses no call on any Spring Boot and with any kind of stub.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class EveryStrangerIT {

	/**
	 * Exit value of a process that SIGTERM has ended.
	 */
	private static final int TERMINATED = 143;

	@ParameterizedTest
	@ValueSource(strings = { "boot-4.0.3", "boot-4.1.0", "boot-4.1.1", "boot-4.1.1-grpc-1.80", "boot-4.1.1-grpc-1.85",
			"boot-4.1.2", "reactor", "kotlin" })
	void servesAndDrains(String name) throws Exception {
		try (Stranger stranger = Stranger.start(name)) {
			ManagedChannel channel = stranger.channel();
			assertThat(Stranger.greet(channel, "Ada")).startsWith("Hello Ada");
			greetsEachGuest(channel);
			aClientThatCancelsReachesTheHandler(stranger, channel);
			sigtermLosesNoCall(stranger, channel);
			assertThat(stranger.log()).doesNotContain("Exception", "forced call");
		}
	}

	private static void greetsEachGuest(ManagedChannel channel) throws Exception {
		Received<Greeting> greetings = new Received<>();
		StreamObserver<Guest> guests = GreeterGrpc.newStub(channel).greetAll(greetings);
		guests.onNext(Stranger.guest("Ada"));
		assertThat(greetings.next().getText()).isEqualTo("Hello Ada");
		guests.onNext(Stranger.guest("Grace"));
		assertThat(greetings.next().getText()).isEqualTo("Hello Grace");
		guests.onCompleted();
		assertThat(greetings.end().status()).isEqualTo(Status.Code.OK);
	}

	private static void aClientThatCancelsReachesTheHandler(Stranger stranger, ManagedChannel channel)
			throws Exception {
		Received<Greeting> greetings = new Received<>();
		try (Context.CancellableContext call = Context.current().withCancellation()) {
			call.run(() -> GreeterGrpc.newStub(channel).stay(Stranger.guest("Alan"), greetings));
			assertThat(greetings.next().getText()).isEqualTo("Welcome Alan");
		}
		assertThat(greetings.end().status()).isEqualTo(Status.Code.CANCELLED);
		stranger.awaitLog("Alan was cancelled");
	}

	private static void sigtermLosesNoCall(Stranger stranger, ManagedChannel channel) throws Exception {
		Received<Greeting> stream = new Received<>();
		GreeterGrpc.newStub(channel).stay(Stranger.guest("Grace"), stream);
		assertThat(stream.next().getText()).isEqualTo("Welcome Grace");
		Received<Greeting> unary = new Received<>();
		GreeterGrpc.newStub(channel).greet(Guest.newBuilder().setName("Edsger").setUntilDrain(true).build(), unary);
		Received<HealthCheckResponse> watch = new Received<>();
		HealthGrpc.newStub(channel).watch(HealthCheckRequest.getDefaultInstance(), watch);
		assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.SERVING);
		stranger.awaitLog("Edsger waits");
		stranger.signal("TERM");
		assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
		assertThat(stream.end()).satisfies((end) -> {
			assertThat(end.status()).isEqualTo(Status.Code.OK);
			assertThat(end.rest()).extracting(Greeting::getText).containsExactly("Goodbye Grace");
		});
		assertThat(unary.end()).satisfies((end) -> {
			assertThat(end.status()).isEqualTo(Status.Code.OK);
			assertThat(end.rest()).singleElement().extracting(Greeting::getText).asString().startsWith("Hello Edsger");
		});
		assertThat(watch.end().status()).isEqualTo(Status.Code.OK);
		stranger.awaitExit();
		assertThat(stranger.exitValue()).isEqualTo(TERMINATED);
	}

}
