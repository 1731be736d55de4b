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
package io.github.lastcall.grpc.testing;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A client of HTTP/2 that sends what it likes, frame by frame, on as many streams as it
 * likes. A thread of its own reads what comes back, unless the client is to be deaf.
 */
public final class RogueClient implements Closeable {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private static final int TYPES = 10;

	private final Socket socket;

	private final OutputStream out;

	private final AtomicInteger[] received = new AtomicInteger[TYPES];

	private final CompletableFuture<String> closed = new CompletableFuture<>();

	private volatile @Nullable String goAway;

	private RogueClient(Socket socket) throws IOException {
		this.socket = socket;
		this.out = new BufferedOutputStream(socket.getOutputStream(), 1 << 16);
		for (int type = 0; type < TYPES; type++) {
			this.received[type] = new AtomicInteger();
		}
	}

	/**
	 * Connect to a port of this machine, and say nothing yet.
	 */
	public static RogueClient connect(int port) throws IOException {
		return on(socket(port));
	}

	/**
	 * Connect to a port of this machine, and never read what the server sends.
	 */
	public static RogueClient deaf(int port) throws IOException {
		return deaf(socket(port));
	}

	/**
	 * Say nothing yet on a connection that there is.
	 */
	public static RogueClient on(Socket socket) throws IOException {
		RogueClient client = deaf(socket);
		Thread reader = new Thread(client::read, "rogue-reader");
		reader.setDaemon(true);
		reader.start();
		return client;
	}

	/**
	 * Never read what the server sends on a connection that there is.
	 */
	public static RogueClient deaf(Socket socket) throws IOException {
		return new RogueClient(socket);
	}

	/**
	 * Connect to a port of this machine, and wait for the server to close the connection
	 * at once, by a reset of TCP or not.
	 * @return whether it is closed, and nothing was sent on it
	 */
	public static boolean isRefused(int port) throws IOException {
		try (Socket socket = socket(port)) {
			socket.setSoTimeout((int) TIMEOUT.toMillis());
			return socket.getInputStream().read() == -1;
		}
		catch (SocketException ex) {
			// Maybe while it was being connected.
			return String.valueOf(ex.getMessage()).contains("reset");
		}
	}

	private static Socket socket(int port) throws IOException {
		Socket socket = new Socket();
		socket.setTcpNoDelay(true);
		socket.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), 60_000);
		return socket;
	}

	/**
	 * The preface of HTTP/2 and empty settings, and consent to those of the server, which
	 * it sends at once.
	 */
	public RogueClient preface() throws IOException {
		return bytes(Http2Frame.PREFACE).frame(Http2Frame.SETTINGS, 0, 0)
			.frame(Http2Frame.SETTINGS, Http2Frame.ACK, 0)
			.flush();
	}

	/**
	 * Wait until the server has acknowledged the settings.
	 */
	public RogueClient settle() {
		Awaitility.await().atMost(TIMEOUT).until(() -> received(Http2Frame.SETTINGS), (count) -> count >= 2);
		return this;
	}

	/**
	 * Settings with a window for the server's messages.
	 */
	public RogueClient preface(int window) throws IOException {
		return bytes(Http2Frame.PREFACE)
			.frame(Http2Frame.SETTINGS, 0, 0, 0, 4, (byte) (window >> 24), (byte) (window >> 16), (byte) (window >> 8),
					(byte) window)
			.flush();
	}

	/**
	 * Open a stream as a gRPC call.
	 */
	public RogueClient call(int stream, String method) throws IOException {
		return frame(Http2Frame.HEADERS, Http2Frame.END_HEADERS, stream, Http2Frame.headers(method, Map.of()));
	}

	/**
	 * A whole message of a call, or the beginning of one that says it is longer.
	 */
	public RogueClient message(int stream, boolean compressed, int length, byte[] message, boolean end)
			throws IOException {
		return frame(Http2Frame.DATA, end ? Http2Frame.END_STREAM : 0, stream,
				Http2Frame.message(compressed, length, message));
	}

	public RogueClient reset(int stream) throws IOException {
		return frame(Http2Frame.RST_STREAM, 0, stream, 0, 0, 0, 8);
	}

	public RogueClient ping() throws IOException {
		return frame(Http2Frame.PING, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8);
	}

	public RogueClient frame(int type, int flags, int stream, int... payload) throws IOException {
		byte[] bytes = new byte[payload.length];
		for (int i = 0; i < payload.length; i++) {
			bytes[i] = (byte) payload[i];
		}
		return frame(type, flags, stream, bytes);
	}

	public RogueClient frame(int type, int flags, int stream, byte[] payload) throws IOException {
		return bytes(new Http2Frame(type, flags, stream, payload).encode());
	}

	/**
	 * Bytes as they are.
	 */
	public RogueClient bytes(byte[] bytes) throws IOException {
		this.out.write(bytes);
		return this;
	}

	public RogueClient flush() throws IOException {
		this.out.flush();
		return this;
	}

	/**
	 * How many frames of a type have come back.
	 */
	public int received(int type) {
		return this.received[type].get();
	}

	/**
	 * What the server gave as the reason in GOAWAY.
	 */
	public @Nullable String goAway() {
		return this.goAway;
	}

	/**
	 * Completed when the server has closed the connection.
	 */
	public CompletableFuture<String> closed() {
		return this.closed;
	}

	private void read() {
		try (DataInputStream in = new DataInputStream(this.socket.getInputStream())) {
			while (true) {
				Http2Frame frame = Http2Frame.read(in);
				if (frame.type() == Http2Frame.GOAWAY) {
					this.goAway = frame.debugData();
				}
				if (frame.type() < TYPES) {
					this.received[frame.type()].incrementAndGet();
				}
			}
		}
		catch (IOException ex) {
			this.closed.complete(String.valueOf(this.goAway));
		}
	}

	/**
	 * Vanish, by a reset of TCP.
	 */
	public void abort() throws IOException {
		try {
			this.socket.setSoLinger(true, 0);
		}
		catch (SocketException ex) {
			// Closed by the server a moment ago.
		}
		this.socket.close();
	}

	@Override
	public void close() {
		try {
			this.socket.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
