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

import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.metrics.GrpcCallMeters;
import io.github.lastcall.grpc.health.v1.HealthGrpc;
import io.github.lastcall.grpc.call.CallRecorder;
import io.grpc.Status;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The meters of a unary call: {@link #recorded()} as Last Call does it, with meters that
 * are resolved once, {@link #lookedUp()} as it would be with a timer looked up on every
 * call.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
@State(Scope.Benchmark)
public class MeterRecordingBenchmark {

	private static final long LATENCY_NANOS = 123_456;

	private final MeterRegistry registry = new SimpleMeterRegistry();

	private final CallRecorder recorder = new GrpcCallMeters(new SimpleMeterRegistry())
		.recorderOf(HealthGrpc.getCheckMethod());

	/**
	 * Resolved once.
	 */
	@Benchmark
	public void recorded() {
		this.recorder.messageReceived();
		this.recorder.messageSent();
		this.recorder.ended(Status.OK, LATENCY_NANOS);
	}

	/**
	 * Resolved on every call. The timer only, without counters of messages.
	 */
	@Benchmark
	public void lookedUp() {
		Timer.builder("grpc.server")
			.tag("rpc.service", HealthGrpc.SERVICE_NAME)
			.tag("rpc.method", "Check")
			.tag("rpc.type", "UNARY")
			.tag("grpc.status_code", Status.Code.OK.name())
			.tag("error", "none")
			.register(this.registry)
			.record(LATENCY_NANOS, TimeUnit.NANOSECONDS);
	}

}
