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
package io.github.lastcall.grpc.attack;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;

import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;

/**
 * What real clients have said to the server, and what becomes of it when bytes are lost,
 * changed or repeated.
 */
final class Conversations {

	private static final int CONVERSATIONS = 5;

	private final List<byte[]> recorded;

	private Conversations(List<byte[]> recorded) {
		this.recorded = recorded;
	}

	/**
	 * The conversations that have been recorded. They are resources, so that a seed gives
	 * the same bytes on every machine.
	 */
	static Conversations load() throws IOException {
		List<byte[]> recorded = new ArrayList<>();
		for (int number = 1; number <= CONVERSATIONS; number++) {
			try (InputStream in = Conversations.class.getResourceAsStream(resource(number))) {
				recorded.add(Objects.requireNonNull(in, resource(number)).readAllBytes());
			}
		}
		return new Conversations(recorded);
	}

	private static String resource(int number) {
		return "/conversations/" + number + ".bin";
	}

	/**
	 * Listen in on grpc-java's client: all kinds of calls, metadata, compression, a
	 * cancellation.
	 */
	static void record(int port, Path resources) throws IOException, InterruptedException {
		List<byte[]> recorded = new ArrayList<>();
		recorded.add(record(port, (client) -> client.featureName()));
		recorded.add(record(port, (client) -> {
			Metadata headers = new Metadata();
			headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
					"Bearer " + "x".repeat(300));
			headers.put(Metadata.Key.of("trace-bin", Metadata.BINARY_BYTE_MARSHALLER), new byte[32]);
			for (int i = 0; i < 5; i++) {
				client.routeGuide()
					.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
					.withCompression("gzip")
					.getFeature(Point.newBuilder().setLatitude(i).build());
			}
		}));
		recorded.add(record(port, (client) -> {
			// What is cancelled before there is a connection is never sent.
			client.featureName();
			StreamObserver<RouteNote> notes = RouteGuideGrpc.newStub(client.channel()).routeChat(new Ended<>());
			for (int i = 0; i < 20; i++) {
				notes.onNext(RouteNote.newBuilder().setMessage("note " + i).build());
			}
			notes.onError(new IllegalStateException("cancelled"));
			client.featureName();
		}));
		recorded.add(record(port, (client) -> {
			Ended<Object> ended = new Ended<>();
			@SuppressWarnings({ "unchecked", "rawtypes" })
			StreamObserver<Point> points = RouteGuideGrpc.newStub(client.channel()).recordRoute((StreamObserver) ended);
			for (int i = 0; i < 20; i++) {
				points.onNext(Point.newBuilder().setLongitude(i).build());
			}
			points.onCompleted();
			client.featureName();
		}));
		recorded.add(record(port, (client) -> {
			client.health().check(HealthCheckRequest.getDefaultInstance());
			try {
				client.health().check(HealthCheckRequest.newBuilder().setService("test.Unknown").build());
			}
			catch (StatusRuntimeException ex) {
				// It says that it does not know it.
			}
		}));
		Files.createDirectories(resources.resolve("conversations"));
		for (int number = 1; number <= CONVERSATIONS; number++) {
			Files.write(Path.of(resources + resource(number)), recorded.get(number - 1));
		}
	}

	private static byte[] record(int port, Conversation conversation) throws IOException, InterruptedException {
		ByteArrayOutputStream said = new ByteArrayOutputStream();
		try (ServerSocket relay = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
			Thread listener = new Thread(() -> relay(relay, port, said), "relay");
			listener.start();
			try (GrpcClient client = GrpcClient.of(relay.getLocalPort())) {
				conversation.hold(client);
			}
			listener.join();
		}
		return said.toByteArray();
	}

	private static void relay(ServerSocket relay, int port, ByteArrayOutputStream said) {
		try (Socket client = relay.accept();
				Socket server = new Socket(InetAddress.getByName("127.0.0.1"), port);
				InputStream in = client.getInputStream();
				OutputStream out = server.getOutputStream()) {
			Thread back = new Thread(() -> {
				try (InputStream answers = server.getInputStream()) {
					answers.transferTo(client.getOutputStream());
				}
				catch (IOException ex) {
					// The conversation is over.
				}
			}, "relay-back");
			back.start();
			byte[] buffer = new byte[8192];
			for (int n = in.read(buffer); n != -1; n = in.read(buffer)) {
				synchronized (said) {
					said.write(buffer, 0, n);
				}
				out.write(buffer, 0, n);
				out.flush();
			}
		}
		catch (IOException ex) {
			// The conversation is over.
		}
	}

	/**
	 * One of the conversations with one to eight faults. The same seed gives the same
	 * bytes.
	 */
	byte[] mutated(long seed) {
		Random random = new Random(seed);
		byte[] bytes = pick(random).clone();
		// Mostly behind the preface and the first settings, where there is more to break.
		int from = (random.nextInt(10) == 0) ? 0 : Math.min(40, bytes.length - 1);
		for (int faults = 1 + random.nextInt(8); faults > 0 && bytes.length > from + 1; faults--) {
			bytes = mutated(bytes, from, random);
		}
		return bytes;
	}

	private byte[] mutated(byte[] bytes, int from, Random random) {
		int at = from + random.nextInt(bytes.length - from);
		int length = Math.min(1 + random.nextInt(1 << random.nextInt(9)), bytes.length - at);
		switch (random.nextInt(7)) {
			case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
			case 1 -> bytes[at] = (byte) random.nextInt();
			case 2 -> {
				return spliced(bytes, at, new byte[0], 0, 0, at + length);
			}
			case 3 -> {
				return spliced(bytes, at, bytes, at, length, at);
			}
			case 4 -> {
				byte[] other = pick(random);
				int start = random.nextInt(other.length);
				return spliced(bytes, at, other, start, Math.min(length * 4, other.length - start), at);
			}
			case 5 -> {
				byte[] noise = new byte[length];
				random.nextBytes(noise);
				return spliced(bytes, at, noise, 0, length, at + length);
			}
			default -> {
				return spliced(bytes, at, new byte[0], 0, 0, bytes.length);
			}
		}
		return bytes;
	}

	private byte[] pick(Random random) {
		return this.recorded.get(random.nextInt(this.recorded.size()));
	}

	private static byte[] spliced(byte[] bytes, int end, byte[] middle, int from, int length, int next) {
		ByteArrayOutputStream result = new ByteArrayOutputStream(bytes.length + length);
		result.write(bytes, 0, end);
		result.write(middle, from, length);
		result.write(bytes, next, bytes.length - next);
		return result.toByteArray();
	}

	List<byte[]> recorded() {
		return Collections.unmodifiableList(this.recorded);
	}

	@FunctionalInterface
	private interface Conversation {

		void hold(GrpcClient client);

	}

	private static final class Ended<T> implements StreamObserver<T> {

		@Override
		public void onNext(T message) {
		}

		@Override
		public void onError(Throwable failure) {
		}

		@Override
		public void onCompleted() {
		}

	}

}
