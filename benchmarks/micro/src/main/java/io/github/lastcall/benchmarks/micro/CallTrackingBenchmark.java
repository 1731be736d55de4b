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

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.server.GrpcServices;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.call.InFlightCalls;
import io.github.lastcall.grpc.executor.ThreadServerTimer;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A unary call as grpc-java hands it to the server's tracer and interceptor, without a
 * transport: {@link #plain()} is what is there anyway, {@link #tracked()} less that is
 * what it costs to know the calls in flight.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
@Threads(1)
@State(Scope.Benchmark)
public class CallTrackingBenchmark {

	private static final Context.Key<Object> OTHER_KEY = Context.key("other");

	private static final MethodDescriptor.Marshaller<byte[]> MARSHALLER = new MethodDescriptor.Marshaller<>() {

		@Override
		public InputStream stream(byte[] value) {
			return new ByteArrayInputStream(value);
		}

		@Override
		public byte[] parse(InputStream stream) {
			return new byte[0];
		}

	};

	private static final MethodDescriptor<byte[], byte[]> METHOD = MethodDescriptor.newBuilder(MARSHALLER, MARSHALLER)
		.setFullMethodName("lastcall.benchmarks.Micro/Call")
		.setType(MethodDescriptor.MethodType.UNARY)
		.build();

	private final byte[] message = new byte[0];

	private final Metadata headers = new Metadata();

	private final ServerCallHandler<byte[], byte[]> handler = (call, metadata) -> new ServerCall.Listener<>() {

		@Override
		public void onHalfClose() {
			call.sendHeaders(CallTrackingBenchmark.this.headers);
			call.sendMessage(CallTrackingBenchmark.this.message);
			call.close(Status.OK, CallTrackingBenchmark.this.headers);
		}

	};

	private ServerCallHandler<byte[], byte[]> trackedHandler = this.handler;

	private InFlightCalls calls = new InFlightCalls(new ThreadServerTimer("grpc-micro"), 20_000,
			new Refusals("test", new ThreadServerTimer("grpc-micro")), () -> null);

	private ServerStreamTracer.Factory tracers = this.calls.tracerFactory();

	/**
	 * A server that has been bound.
	 */
	@Setup
	@SuppressWarnings("unchecked")
	public void open() {
		ThreadServerTimer timer = new ThreadServerTimer("grpc-micro");
		this.calls = new InFlightCalls(timer, 20_000, new Refusals("test", new ThreadServerTimer("grpc-micro")),
				() -> null);
		ServerServiceDefinition service = ServerInterceptors.interceptForward(
				ServerServiceDefinition.builder("lastcall.benchmarks.Micro").addMethod(METHOD, this.handler).build(),
				this.calls.interceptor());
		this.trackedHandler = (ServerCallHandler<byte[], byte[]>) Objects
			.requireNonNull(service.getMethod(METHOD.getFullMethodName()))
			.getServerCallHandler();
		GrpcService annotation = Objects.requireNonNull(Annotated.class.getAnnotation(GrpcService.class));
		this.calls
			.open(new GrpcServices(List.of(new GrpcServices.Registration("micro", annotation, service)), List.of()));
		this.tracers = this.calls.tracerFactory();
	}

	/**
	 * Without tracking.
	 * @return something to be consumed
	 */
	@Benchmark
	public Object plain() {
		Context context = Context.ROOT.withValue(OTHER_KEY, this);
		return call(context, this.handler, null);
	}

	/**
	 * With tracking.
	 * @return something to be consumed
	 */
	@Benchmark
	public Object tracked() {
		ServerStreamTracer tracer = this.tracers.newServerStreamTracer(METHOD.getFullMethodName(), this.headers);
		Context context = tracer.filterContext(Context.ROOT).withValue(OTHER_KEY, this);
		return call(context, this.trackedHandler, tracer);
	}

	private Object call(Context context, ServerCallHandler<byte[], byte[]> handler,
			@Nullable ServerStreamTracer tracer) {
		Context previous = context.attach();
		ServerCall<byte[], byte[]> call = new NoCall();
		try {
			ServerCall.Listener<byte[]> listener = handler.startCall(call, this.headers);
			listener.onReady();
			listener.onMessage(this.message);
			listener.onHalfClose();
			if (tracer != null) {
				tracer.streamClosed(Status.OK);
			}
			listener.onComplete();
		}
		finally {
			context.detach(previous);
		}
		return call;
	}

	@GrpcService
	private static final class Annotated {

	}

	/**
	 * Goes nowhere.
	 */
	private static final class NoCall extends ServerCall<byte[], byte[]> {

		@Override
		public void request(int messages) {
		}

		@Override
		public void sendHeaders(Metadata headers) {
		}

		@Override
		public void sendMessage(byte[] message) {
		}

		@Override
		public void close(Status status, Metadata trailers) {
		}

		@Override
		public boolean isCancelled() {
			return false;
		}

		@Override
		public MethodDescriptor<byte[], byte[]> getMethodDescriptor() {
			return METHOD;
		}

	}

}
