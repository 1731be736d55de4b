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
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.benchmarks.micro.MicroServers.ByHandServer;
import io.github.lastcall.benchmarks.micro.MicroServers.OpenServer;
import io.github.lastcall.benchmarks.micro.MicroServers.SecuredServer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;

/**
 * A unary call with a JWT to an application in the same process, without a transport and
 * on the thread of the client. {@link #open} checks nothing, {@link #byHand} calls the
 * decoder, the provider and the authorization of Spring Security in an interceptor,
 * {@link #secured} has a rule. What the library adds to Spring Security is the difference
 * of the last two: {@link #pair} measures it by turns, in one JVM, where both decode with
 * the same compiled code. An HS256 signature is cheap, so that the difference can be
 * seen.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 8, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(3)
public class SecurityBenchmark {

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

	static final MethodDescriptor<byte[], byte[]> METHOD = MethodDescriptor.newBuilder(MARSHALLER, MARSHALLER)
		.setFullMethodName("lastcall.benchmarks.Micro/Call")
		.setType(MethodDescriptor.MethodType.UNARY)
		.build();

	/**
	 * Without a check.
	 * @param calls makes the call
	 * @return something to be consumed
	 */
	@Benchmark
	public Object open(OpenCalls calls) {
		return calls.call();
	}

	/**
	 * Checked by hand.
	 * @param calls makes the call
	 * @return something to be consumed
	 */
	@Benchmark
	public Object byHand(ByHandCalls calls) {
		return calls.call();
	}

	/**
	 * Checked by the library.
	 * @param calls makes the call
	 * @return something to be consumed
	 */
	@Benchmark
	public Object secured(SecuredCalls calls) {
		return calls.call();
	}

	/**
	 * Checked by hand and by the library, in an order that changes.
	 * @param byHand makes the one call
	 * @param secured makes the other call
	 * @param times the times of both
	 */
	@Benchmark
	public void pair(ByHandCalls byHand, SecuredCalls secured, Times times) {
		boolean first = (times.pairs++ & 1) == 0;
		long start = System.nanoTime();
		(first ? byHand : secured).call();
		long middle = System.nanoTime();
		(first ? secured : byHand).call();
		long end = System.nanoTime();
		times.byHand += first ? middle - start : end - middle;
		times.secured += first ? end - middle : middle - start;
	}

	/**
	 * Times of pairs of calls in nanoseconds, for each iteration: the summary of JMH adds
	 * them up.
	 */
	@State(Scope.Thread)
	@AuxCounters(AuxCounters.Type.EVENTS)
	public static class Times {

		private long pairs;

		private long byHand;

		private long secured;

		/**
		 * Called before each iteration.
		 */
		@Setup(Level.Iteration)
		public void reset() {
			this.pairs = 0;
			this.byHand = 0;
			this.secured = 0;
		}

		/**
		 * Returns the average time of a call that is checked by hand.
		 */
		public double byHand() {
			return (double) this.byHand / this.pairs;
		}

		/**
		 * Returns how much longer a call takes that is checked by the library.
		 */
		public double more() {
			return (double) (this.secured - this.byHand) / this.pairs;
		}

	}

	/**
	 * Calls to an open application.
	 */
	@State(Scope.Benchmark)
	public static class OpenCalls extends Calls {

		/**
		 * Creates new calls.
		 */
		public OpenCalls() {
			super("open", false, OpenServer.class);
		}

	}

	/**
	 * Calls to an application that calls Spring Security by hand.
	 */
	@State(Scope.Benchmark)
	public static class ByHandCalls extends Calls {

		/**
		 * Creates new calls.
		 */
		public ByHandCalls() {
			super("by-hand", false, OpenServer.class, ByHandServer.class);
		}

	}

	/**
	 * Calls to an application with a rule.
	 */
	@State(Scope.Benchmark)
	public static class SecuredCalls extends Calls {

		/**
		 * Creates new calls.
		 */
		public SecuredCalls() {
			super("secured", true, OpenServer.class, SecuredServer.class);
		}

	}

	/**
	 * Calls with a token to an application.
	 */
	@State(Scope.Benchmark)
	public abstract static class Calls {

		/**
		 * How the token is signed.
		 */
		@Param({ "HS256", "RS256" })
		public String algorithm = "HS256";

		private final byte[] message = new byte[0];

		private final String name;

		private final boolean secured;

		private final Class<?>[] sources;

		private final ManagedChannel inProcess;

		private Channel channel;

		private AutoCloseable application = () -> {
		};

		Calls(String name, boolean secured, Class<?>... sources) {
			this.name = name;
			this.secured = secured;
			this.sources = sources;
			this.inProcess = InProcessChannelBuilder.forName(name).directExecutor().build();
			this.channel = this.inProcess;
		}

		/**
		 * Start the application.
		 */
		@Setup
		public void start() {
			BenchmarkToken token = BenchmarkToken.signed(this.algorithm);
			SpringApplication application = new SpringApplication(this.sources);
			application.setWebApplicationType(WebApplicationType.NONE);
			application.addInitializers(
					(context) -> context.getBeanFactory().registerSingleton("jwtDecoder", token.decoder()));
			application.setDefaultProperties(Map.of("grpc.server.port", -1, "grpc.server.in-process.name", this.name,
					"grpc.server.executor.type", "direct", "grpc.server.security.enabled", this.secured,
					"logging.level.root", "warn", "spring.main.banner-mode", "off"));
			this.application = application.run();
			Metadata headers = new Metadata();
			headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token.value());
			this.channel = ClientInterceptors.intercept(this.inProcess,
					MetadataUtils.newAttachHeadersInterceptor(headers));
		}

		/**
		 * Stop the application.
		 */
		@TearDown
		public void stop() throws Exception {
			this.inProcess.shutdownNow();
			this.application.close();
		}

		Object call() {
			return ClientCalls.blockingUnaryCall(this.channel, METHOD, CallOptions.DEFAULT, this.message);
		}

	}

}
