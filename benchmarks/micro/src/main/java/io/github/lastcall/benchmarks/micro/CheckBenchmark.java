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

package io.github.lastcall.benchmarks.micro;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.health.HealthService;
import io.github.lastcall.grpc.health.HealthSettings;
import io.github.lastcall.grpc.health.ServingStatusTable;
import io.github.lastcall.grpc.health.v1.HealthCheckRequest;
import io.github.lastcall.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.stub.StreamObserver;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * {@code Health/Check} without a transport: of the overall status, and of a service.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
@State(Scope.Benchmark)
public class CheckBenchmark {

	private static final String NAME = "lastcall.benchmarks.Micro";

	private static final HealthCheckRequest OVERALL = HealthCheckRequest.getDefaultInstance();

	private static final HealthCheckRequest SERVICE = HealthCheckRequest.newBuilder().setService(NAME).build();

	private final ServingStatusTable table = new ServingStatusTable(List.of(ServingStatusTable.READINESS));

	private final HealthService service = new HealthService(this.table, HealthSettings.NotServingAs.STATUS);

	/**
	 * A server that serves.
	 */
	@Setup
	public void serve() {
		this.table.register(NAME, ServingStatusTable.READINESS);
		this.table.sample(Map.of(ServingStatusTable.READINESS, ServingStatus.SERVING));
		this.table.gate(() -> true);
		if (this.table.get(NAME) != ServingStatus.SERVING) {
			throw new IllegalStateException("It does not serve: " + this.table.all());
		}
	}

	/**
	 * The overall status.
	 * @param blackhole takes the response
	 */
	@Benchmark
	public void overall(Blackhole blackhole) {
		this.service.check(OVERALL, new Consumer(blackhole));
	}

	/**
	 * The status of a service.
	 * @param blackhole takes the response
	 */
	@Benchmark
	public void service(Blackhole blackhole) {
		this.service.check(SERVICE, new Consumer(blackhole));
	}

	private record Consumer(Blackhole blackhole) implements StreamObserver<HealthCheckResponse> {

		@Override
		public void onNext(HealthCheckResponse response) {
			this.blackhole.consume(response);
		}

		@Override
		public void onError(Throwable failure) {
			throw new IllegalStateException(failure);
		}

		@Override
		public void onCompleted() {
		}

	}

}
