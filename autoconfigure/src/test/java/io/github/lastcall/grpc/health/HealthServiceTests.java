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

package io.github.lastcall.grpc.health;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import io.github.lastcall.grpc.health.v1.HealthCheckRequest;
import io.github.lastcall.grpc.health.v1.HealthCheckResponse;
import io.github.lastcall.grpc.health.v1.HealthGrpc;
import io.github.lastcall.grpc.health.v1.HealthListRequest;
import io.github.lastcall.grpc.health.v1.HealthListResponse;
import io.github.lastcall.grpc.testing.HealthWatch;
import io.github.lastcall.grpc.testing.Observer;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

/**
 * What the Health service says over a real socket.
 */
@Timeout(60)
class HealthServiceTests {

	private final ServingStatusTable table = new ServingStatusTable(
			List.of(ServingStatusTable.READINESS, ServingStatusTable.LIVENESS));

	private final ServingStatusOverrides overrides = new ServingStatusOverrides(this.table);

	private Server server;

	private ManagedChannel channel;

	@BeforeEach
	void start() throws Exception {
		this.server = NettyServerBuilder.forPort(0)
			.directExecutor()
			.addService(new HealthService(this.table, HealthSettings.NotServingAs.STATUS))
			.build()
			.start();
		this.channel = channel();
		this.table.register("a.Service", ServingStatusTable.READINESS);
		this.table.sample(Map.of(ServingStatusTable.READINESS, ServingStatus.SERVING));
		this.table.sample(Map.of(ServingStatusTable.LIVENESS, ServingStatus.SERVING));
		this.table.gate(() -> true);
	}

	@AfterEach
	void stop() throws Exception {
		this.channel.shutdownNow().awaitTermination(30, TimeUnit.SECONDS);
		this.server.shutdownNow().awaitTermination(30, TimeUnit.SECONDS);
	}

	private ManagedChannel channel() {
		return NettyChannelBuilder.forAddress("localhost", this.server.getPort())
			.usePlaintext()
			.flowControlWindow(16 * 1024)
			.build();
	}

	@Test
	void checkTellsTheStatusOfTheServerAndOfEachService() {
		assertThat(check("")).isEqualTo("SERVING");
		assertThat(check("a.Service")).isEqualTo("SERVING");
		this.table.sample(Map.of(ServingStatusTable.READINESS, ServingStatus.NOT_SERVING));
		assertThat(check("")).isEqualTo("NOT_SERVING");
		assertThat(check("a.Service")).isEqualTo("NOT_SERVING");
		assertThat(check("liveness")).isEqualTo("SERVING");
	}

	@Test
	void checkOfAnUnknownNameIsNotFound() {
		assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(() -> check("nobody"))
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND));
	}

	@Test
	void listTellsTheStatusOfEveryName() {
		this.overrides.set("a.Service", ServingStatus.NOT_SERVING);
		assertThat(list()).containsExactlyInAnyOrderEntriesOf(
				Map.of("", "SERVING", "a.Service", "NOT_SERVING", "liveness", "SERVING", "readiness", "SERVING"));
	}

	@Test
	void listOfMoreThanAHundredNamesIsRefused() {
		IntStream.range(0, 96).forEach((i) -> this.table.register("service" + i, ServingStatusTable.READINESS));
		assertThat(list()).hasSize(100);
		this.table.register("one.too.Many", ServingStatusTable.READINESS);
		assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(this::list)
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
	}

	@Test
	void watchTellsEachChangeOnce() {
		Observer<HealthCheckResponse> watch = watch("a.Service");
		watch.awaitMessages(1);
		this.table.sample(Map.of(ServingStatusTable.READINESS, ServingStatus.SERVING));
		this.overrides.set("a.Service", ServingStatus.SERVING);
		this.overrides.set("another", ServingStatus.NOT_SERVING);
		this.table.sample(Map.of(ServingStatusTable.READINESS, ServingStatus.NOT_SERVING));
		watch.awaitMessages(2);
		this.table.sample(Map.of(ServingStatusTable.READINESS, ServingStatus.SERVING));
		watch.awaitMessages(3);
		assertThat(names(watch)).containsExactly("SERVING", "NOT_SERVING", "SERVING");
	}

	@Test
	void watchOfAnUnknownNameWaitsForItToAppear() {
		Observer<HealthCheckResponse> watch = watch("later");
		watch.awaitMessages(1);
		this.overrides.set("later", ServingStatus.SERVING);
		watch.awaitMessages(2);
		this.overrides.clear("later");
		watch.awaitMessages(3);
		assertThat(names(watch)).containsExactly("SERVICE_UNKNOWN", "SERVING", "SERVICE_UNKNOWN");
		assertThat(watch.ended).isNotDone();
	}

	/**
	 * Whatever a client may send would otherwise be kept for as long as it watches.
	 */
	@Test
	void aNameOfMoreThan512BytesIsUnknownAndNotKept() {
		String longest = "\u00e9".repeat(256);
		String tooLong = longest + "x";
		this.overrides.set(longest, ServingStatus.SERVING);
		this.table.register(tooLong, ServingStatusTable.READINESS);
		assertThat(check(longest)).isEqualTo("SERVING");
		assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(() -> check(tooLong))
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND));
		Observer<HealthCheckResponse> watch = watch(tooLong);
		watch.awaitMessages(1);
		assertThat(names(watch)).containsExactly("SERVICE_UNKNOWN");
		assertThat(watch.ended).isNotDone();
		assertThat(this.table.watchers(tooLong)).isZero();
	}

	@Test
	void aNameThatNobodyCanAskForIsNotOverridden() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> this.overrides.set("x".repeat(513), ServingStatus.SERVING))
			.withMessage("'service' must not be longer than 512 bytes");
	}

	@Test
	void aWatcherThatDoesNotReadGetsTheNewestStatusAndNotAQueue() throws Exception {
		List<String> received = new ArrayList<>();
		CountDownLatch done = new CountDownLatch(1);
		ClientCall<HealthCheckRequest, HealthCheckResponse> call = this.channel.newCall(HealthGrpc.getWatchMethod(),
				CallOptions.DEFAULT);
		call.start(new ClientCall.Listener<>() {

			@Override
			public void onMessage(HealthCheckResponse message) {
				received.add(message.getStatus().name());
				if (message.getStatus().name().equals("UNKNOWN")) {
					done.countDown();
				}
				else {
					call.request(1);
				}
			}

		}, new Metadata());
		call.sendMessage(HealthCheckRequest.newBuilder().setService("a.Service").build());
		call.halfClose();
		await().until(() -> this.table.watchers("a.Service") == 1);
		// The window takes some thousands of these small messages before the stream is
		// not
		// ready any more.
		for (int i = 0; i < 50_000; i++) {
			this.overrides.set("a.Service", (i % 2 == 0) ? ServingStatus.NOT_SERVING : ServingStatus.SERVING);
		}
		this.overrides.set("a.Service", ServingStatus.UNKNOWN);
		call.request(1);
		assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
		assertThat(received).last().isEqualTo("UNKNOWN");
		assertThat(received.size()).isLessThan(50_000);
		call.cancel("done", null);
	}

	@Test
	void aWatcherThatIsCancelledIsForgottenAndTheOthersAreTold() {
		Observer<HealthCheckResponse> other = watch("a.Service");
		HealthWatch cancelled = new HealthWatch();
		HealthGrpc.newStub(this.channel).watch(request("a.Service"), cancelled);
		await().until(() -> this.table.watchers("a.Service") == 2);
		cancelled.cancel();
		await().until(() -> this.table.watchers("a.Service") == 1);
		this.table.sample(Map.of(ServingStatusTable.READINESS, ServingStatus.NOT_SERVING));
		other.awaitMessages(2);
	}

	@Test
	void watchersAreToldBeforeAnyoneWhoWantsToKnowTheNamesCanFail() {
		ServingStatusTable statuses = new ServingStatusTable(List.of());
		List<String> told = new ArrayList<>();
		for (String name : List.of("a", "b")) {
			statuses.register(name, ServingStatusTable.READINESS);
			statuses.watch(name, () -> told.add(name));
		}
		statuses.gate(() -> true);
		statuses.forEachName((name) -> {
			if (!told.isEmpty()) {
				throw new IllegalStateException("on purpose");
			}
		});
		assertThatIllegalStateException()
			.isThrownBy(() -> statuses.sample(Map.of(ServingStatusTable.READINESS, ServingStatus.SERVING)));
		assertThat(told).containsExactlyInAnyOrder("a", "b");
	}

	@Test
	void aNameThatNobodyKnowsAndNobodyWatchesIsForgotten() {
		HealthWatch watch = new HealthWatch();
		HealthGrpc.newStub(this.channel).watch(request("made.up"), watch);
		await().until(() -> this.table.watchers("made.up") == 1);
		watch.cancel();
		await().until(() -> this.table.watchers("made.up") == 0);
		assertThat(this.table.all()).doesNotContainKey("made.up");
	}

	@Test
	void theWorseOfOverrideAndSampleWins() {
		this.overrides.set("a.Service", ServingStatus.UNKNOWN);
		assertThat(check("a.Service")).isEqualTo("UNKNOWN");
		this.table.sample(Map.of(ServingStatusTable.READINESS, ServingStatus.NOT_SERVING));
		assertThat(check("a.Service")).isEqualTo("NOT_SERVING");
		this.table.sample(Map.of(ServingStatusTable.READINESS, ServingStatus.SERVING));
		this.overrides.set("a.Service", ServingStatus.NOT_SERVING);
		assertThat(check("a.Service")).isEqualTo("NOT_SERVING");
		this.overrides.clear("a.Service");
		assertThat(check("a.Service")).isEqualTo("SERVING");
	}

	@Test
	void anOverrideIsAStatusThatAServerCanHave() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> this.overrides.set("a.Service", ServingStatus.SERVICE_UNKNOWN));
	}

	@Test
	void neitherASampleNorAnOverrideOpensAClosedGate() {
		this.table.gate(() -> false);
		this.table.sample(Map.of(ServingStatusTable.READINESS, ServingStatus.SERVING));
		this.overrides.set("a.Service", ServingStatus.SERVING);
		this.overrides.set("mine", ServingStatus.SERVING);
		assertThat(list()).containsExactlyInAnyOrderEntriesOf(Map.of("", "NOT_SERVING", "a.Service", "NOT_SERVING",
				"liveness", "SERVING", "mine", "NOT_SERVING", "readiness", "NOT_SERVING"));
	}

	private static HealthCheckRequest request(String name) {
		return HealthCheckRequest.newBuilder().setService(name).build();
	}

	private String check(String name) {
		return HealthGrpc.newBlockingStub(this.channel).check(request(name)).getStatus().name();
	}

	private Map<String, String> list() {
		HealthListResponse response = HealthGrpc.newBlockingStub(this.channel)
			.list(HealthListRequest.getDefaultInstance());
		Map<String, String> statuses = new TreeMap<>();
		response.getStatusesMap().forEach((name, status) -> statuses.put(name, status.getStatus().name()));
		return statuses;
	}

	private Observer<HealthCheckResponse> watch(String name) {
		Observer<HealthCheckResponse> observer = new Observer<>();
		HealthGrpc.newStub(this.channel).watch(request(name), observer);
		return observer;
	}

	private static List<String> names(Observer<HealthCheckResponse> watch) {
		return watch.messages.stream().map((response) -> response.getStatus().name()).toList();
	}

}
