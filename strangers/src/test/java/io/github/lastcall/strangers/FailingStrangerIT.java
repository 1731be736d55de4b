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

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import io.github.lastcall.strangers.greeter.Failure;
import io.github.lastcall.strangers.greeter.Greeting;
import io.github.lastcall.strangers.greeter.GreeterGrpc;
import io.github.lastcall.strangers.greeter.Guest;
import io.github.lastcall.strangers.greeter.Reception;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What clients receive if a publisher, a coroutine or a future fails, and that each call
 * is closed once.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class FailingStrangerIT {

	private static final Pattern CLOSE = Pattern.compile("is closed with (\\w+)");

	private static final List<Failure> FAILURES = List.of(Failure.FAILURE_STATUS, Failure.FAILURE_FUTURE,
			Failure.FAILURE_MAPPED, Failure.FAILURE_UNMAPPED);

	@ParameterizedTest
	@ValueSource(strings = { "reactor", "kotlin" })
	void aFailureEndsItsCallOnceWithItsStatusAndDetails(String name) throws Exception {
		try (Stranger stranger = Stranger.start(name)) {
			GreeterGrpc.GreeterStub stub = GreeterGrpc.newStub(stranger.channel());
			List<String> closes = new ArrayList<>();
			for (Failure failure : FAILURES) {
				Guest guest = Guest.newBuilder().setName("Ada").setFailure(failure).build();
				for (StatusRuntimeException ended : List.of(greet(stub, guest), stay(stub, guest),
						greetAll(stub, guest))) {
					check(failure, ended);
					closes.add(ended.getStatus().getCode().name());
				}
			}
			Stranger.greet(stranger.channel(), "Grace");
			closes.add(Status.Code.OK.name());
			stranger.awaitLog("is closed with OK");
			assertThat(CLOSE.matcher(stranger.log()).results().map((MatchResult close) -> close.group(1)))
				.containsExactlyElementsOf(closes);
			assertThat(stranger.log()).contains("The handler of greeter.Greeter/Greet failed",
					"The handler of greeter.Greeter/Stay failed", "The handler of greeter.Greeter/GreetAll failed");
		}
	}

	private static StatusRuntimeException greet(GreeterGrpc.GreeterStub stub, Guest guest) throws Exception {
		Received<Greeting> greeting = new Received<>();
		stub.greet(guest, greeting);
		return failure(greeting);
	}

	private static StatusRuntimeException stay(GreeterGrpc.GreeterStub stub, Guest guest) throws Exception {
		Received<Greeting> greetings = new Received<>();
		stub.stay(guest, greetings);
		assertThat(greetings.next().getText()).isEqualTo("Welcome Ada");
		return failure(greetings);
	}

	private static StatusRuntimeException greetAll(GreeterGrpc.GreeterStub stub, Guest guest) throws Exception {
		Received<Greeting> greetings = new Received<>();
		StreamObserver<Guest> guests = stub.greetAll(greetings);
		guests.onNext(Stranger.guest("Grace"));
		assertThat(greetings.next().getText()).isEqualTo("Hello Grace");
		guests.onNext(guest);
		return failure(greetings);
	}

	private static StatusRuntimeException failure(Received<Greeting> greetings) throws Exception {
		Received.End<Greeting> end = greetings.end();
		assertThat(end.rest()).isEmpty();
		assertThat(end.failure()).isNotNull();
		return end.failure();
	}

	private static void check(Failure failure, StatusRuntimeException ended) {
		switch (failure) {
			case FAILURE_STATUS, FAILURE_FUTURE -> {
				assertThat(ended).hasMessage("PERMISSION_DENIED: Ada is not on the list");
				assertThat(ended.getTrailers().get(Reception.DOOR)).isEqualTo("back");
			}
			case FAILURE_MAPPED -> {
				assertThat(ended).hasMessage("NOT_FOUND: Nobody knows Ada");
				assertThat(StatusProto.fromThrowable(ended).getDetailsList()).containsExactly(
						Any.pack(ErrorInfo.newBuilder().setReason("UNKNOWN_GUEST").setDomain("strangers").build()));
			}
			default -> assertThat(ended).hasMessage("UNKNOWN: Application error processing RPC");
		}
	}

}
