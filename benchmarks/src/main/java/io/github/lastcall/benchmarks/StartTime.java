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

package io.github.lastcall.benchmarks;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.google.protobuf.BytesValue;
import io.github.lastcall.benchmarks.service.CallMethods;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;

/**
 * Watches the start of a process, beginning now.
 */
final class StartTime {

	private static final Pattern STARTED = Pattern.compile("Started .* \\(process running for ([0-9.]+)\\)");

	private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(60);

	private final Replica replica;

	private final long begin = System.nanoTime();

	StartTime(Replica replica) {
		this.replica = replica;
	}

	/**
	 * Wait until a call is answered.
	 * @return milliseconds since the beginning
	 */
	double firstAnswerMillis() throws InterruptedException {
		InetSocketAddress address = new InetSocketAddress("127.0.0.1", this.replica.port());
		while (true) {
			if (listens(address) && answers(address)) {
				return (System.nanoTime() - this.begin) / 1e6;
			}
			pause();
		}
	}

	private static boolean listens(InetSocketAddress address) {
		try (Socket socket = new Socket()) {
			socket.connect(address);
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	private static boolean answers(InetSocketAddress address) {
		ManagedChannel channel = NettyChannelBuilder.forAddress(address).usePlaintext().directExecutor().build();
		try {
			ClientCalls.blockingUnaryCall(channel, CallMethods.ECHO, CallOptions.DEFAULT,
					BytesValue.getDefaultInstance());
			return true;
		}
		catch (StatusRuntimeException ex) {
			return false;
		}
		finally {
			channel.shutdownNow();
		}
	}

	/**
	 * Wait until Spring Boot says that it has started.
	 * @return milliseconds since the start of the JVM, as it says
	 */
	double startedMillis() throws IOException, InterruptedException {
		while (true) {
			Matcher line = STARTED.matcher(Files.readString(this.replica.log()));
			if (line.find()) {
				return Double.parseDouble(line.group(1)) * 1000;
			}
			pause();
		}
	}

	private void pause() throws InterruptedException {
		if (System.nanoTime() - this.begin > TIMEOUT_NANOS || !this.replica.process().isAlive()) {
			throw new IllegalStateException("The server does not start, see " + this.replica.log());
		}
		TimeUnit.MILLISECONDS.sleep(2);
	}

}
