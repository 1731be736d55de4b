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

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import org.jspecify.annotations.Nullable;

/**
 * A client that sends whatever it is told to, which no gRPC library does.
 */
public final class RawHttp2Connection implements Closeable {

	private static final int SETTINGS_INITIAL_WINDOW_SIZE = 4;

	private final Socket socket;

	private final DataInputStream in;

	private final DefaultHttp2HeadersDecoder headersDecoder = new DefaultHttp2HeadersDecoder();

	private final Response response = new Response();

	private boolean answersPings = true;

	/**
	 * Connect to a port of this machine, and say nothing yet.
	 */
	public RawHttp2Connection(int port) throws IOException {
		this.socket = new Socket(InetAddress.getByName("127.0.0.1"), port);
		this.socket.setSoTimeout((int) Duration.ofSeconds(30).toMillis());
		this.in = new DataInputStream(this.socket.getInputStream());
	}

	/**
	 * Send bytes as they are.
	 */
	public RawHttp2Connection bytes(byte[] bytes) throws IOException {
		this.socket.getOutputStream().write(bytes);
		this.socket.getOutputStream().flush();
		return this;
	}

	/**
	 * Send the preface of HTTP/2 and empty settings.
	 */
	public RawHttp2Connection preface() throws IOException {
		bytes(Http2Frame.PREFACE);
		return frame(Http2Frame.SETTINGS, 0, 0, new byte[0]);
	}

	/**
	 * Open stream 1 as a gRPC call, with more headers or others.
	 */
	public RawHttp2Connection call(String method, Map<String, String> headers) throws IOException {
		return frame(Http2Frame.HEADERS, Http2Frame.END_HEADERS, 1, Http2Frame.headers(method, headers));
	}

	/**
	 * Send the one message of the call.
	 * @param compressed whether the message says that it is compressed
	 * @param length the length that it says it has
	 */
	public RawHttp2Connection message(boolean compressed, int length, byte[] message) throws IOException {
		return frame(Http2Frame.DATA, Http2Frame.END_STREAM, 1, Http2Frame.message(compressed, length, message));
	}

	/**
	 * Send the one message of the call, as it should be sent.
	 */
	public RawHttp2Connection message(byte[] message) throws IOException {
		return message(false, message.length, message);
	}

	/**
	 * End the call without a message.
	 */
	public RawHttp2Connection end() throws IOException {
		return frame(Http2Frame.DATA, Http2Frame.END_STREAM, 1, new byte[0]);
	}

	/**
	 * Send a message of the call that is not its last one.
	 */
	public RawHttp2Connection messageAndMore(byte[] message) throws IOException {
		return frame(Http2Frame.DATA, 0, 1, Http2Frame.message(false, message.length, message));
	}

	/**
	 * Reset the call, as a client does that cancels it.
	 */
	public RawHttp2Connection reset() throws IOException {
		return frame(Http2Frame.RST_STREAM, 0, 1, new byte[] { 0, 0, 0, 8 });
	}

	/**
	 * Send a PING.
	 */
	public RawHttp2Connection ping() throws IOException {
		return frame(Http2Frame.PING, 0, 0, new byte[8]);
	}

	/**
	 * Say nothing when the server sends a PING, as a client that has died.
	 */
	public RawHttp2Connection ignorePings() {
		this.answersPings = false;
		return this;
	}

	/**
	 * Wait no longer than this for what the server sends next.
	 */
	public RawHttp2Connection patience(Duration patience) throws IOException {
		this.socket.setSoTimeout((int) patience.toMillis());
		return this;
	}

	private RawHttp2Connection frame(int type, int flags, int stream, byte[] payload) throws IOException {
		return bytes(new Http2Frame(type, flags, stream, payload).encode());
	}

	/**
	 * Read until the server has ended the call or closed the connection.
	 */
	public Response response() throws IOException, Http2Exception {
		return responseUntil((response) -> response.ended);
	}

	/**
	 * Read until the server has said what is waited for or has closed the connection.
	 */
	public Response responseUntil(Predicate<Response> enough) throws IOException, Http2Exception {
		try {
			while (!enough.test(this.response)) {
				readFrame();
			}
		}
		catch (EOFException | SocketException ex) {
			this.response.closed = true;
		}
		return this.response;
	}

	/**
	 * Read until the server has closed the connection.
	 */
	public Response responseUntilClosed() throws IOException, Http2Exception {
		return responseUntil((response) -> false);
	}

	/**
	 * Read whatever comes until the server closes the connection.
	 */
	public byte[] bytesUntilClosed() throws IOException {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try {
			this.in.transferTo(bytes);
		}
		catch (SocketException ex) {
			// Reset instead of closed: the server has not read all that was sent.
		}
		return bytes.toByteArray();
	}

	private void acknowledge(int type, byte[] payload) throws IOException {
		try {
			frame(type, Http2Frame.ACK, 0, payload);
		}
		catch (SocketException ex) {
			// The server has closed the connection: what it said last is there to read.
		}
	}

	private void readFrame() throws IOException, Http2Exception {
		Http2Frame frame = Http2Frame.read(this.in);
		int type = frame.type();
		byte[] payload = frame.payload();
		if (type == Http2Frame.HEADERS) {
			this.headersDecoder.decodeHeaders(frame.stream(), Unpooled.wrappedBuffer(payload))
				.forEach((header) -> this.response.headers.put(header.getKey().toString(),
						header.getValue().toString()));
		}
		else if (type == Http2Frame.DATA) {
			this.response.data.writeBytes(payload);
		}
		else if (type == Http2Frame.RST_STREAM) {
			this.response.reset = Unpooled.wrappedBuffer(payload).getInt(0);
			this.response.ended = true;
		}
		else if (type == Http2Frame.PING && frame.has(Http2Frame.ACK)) {
			this.response.pingsAnswered++;
		}
		else if (type == Http2Frame.PING) {
			this.response.pings++;
			if (this.answersPings) {
				acknowledge(Http2Frame.PING, payload);
			}
		}
		else if (type == Http2Frame.GOAWAY) {
			this.response.goAwayCode = Unpooled.wrappedBuffer(payload).getInt(4);
			this.response.goAway = frame.debugData();
		}
		else if (type == Http2Frame.SETTINGS && !frame.has(Http2Frame.ACK)) {
			ByteBuf settings = Unpooled.wrappedBuffer(payload);
			while (settings.isReadable()) {
				this.response.settings.put(settings.readUnsignedShort(), settings.readUnsignedInt());
			}
			acknowledge(Http2Frame.SETTINGS, new byte[0]);
		}
		if ((type == Http2Frame.HEADERS || type == Http2Frame.DATA) && frame.has(Http2Frame.END_STREAM)) {
			this.response.ended = true;
		}
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

	/**
	 * What the server has answered to stream 1.
	 */
	public static final class Response {

		private final Map<String, String> headers = new LinkedHashMap<>();

		private final ByteArrayOutputStream data = new ByteArrayOutputStream();

		private @Nullable Integer reset;

		private @Nullable String goAway;

		private @Nullable Integer goAwayCode;

		private final Map<Integer, Long> settings = new LinkedHashMap<>();

		private int pings;

		private int pingsAnswered;

		private boolean ended;

		private boolean closed;

		/**
		 * Headers and trailers.
		 */
		public Map<String, String> headers() {
			return this.headers;
		}

		public byte[] data() {
			return this.data.toByteArray();
		}

		/**
		 * The error code of RST_STREAM.
		 */
		public @Nullable Integer reset() {
			return this.reset;
		}

		/**
		 * The debug data of GOAWAY.
		 */
		public @Nullable String goAway() {
			return this.goAway;
		}

		/**
		 * The error code of GOAWAY.
		 */
		public @Nullable Integer goAwayCode() {
			return this.goAwayCode;
		}

		/**
		 * The flow-control window that the server gives to each stream.
		 */
		public @Nullable Long initialWindow() {
			return this.settings.get(SETTINGS_INITIAL_WINDOW_SIZE);
		}

		/**
		 * How many PINGs the server has sent.
		 */
		public int pings() {
			return this.pings;
		}

		/**
		 * How many PINGs the server has answered.
		 */
		public int pingsAnswered() {
			return this.pingsAnswered;
		}

		/**
		 * Whether the connection was closed before the call ended.
		 */
		public boolean closed() {
			return this.closed;
		}

		@Override
		public String toString() {
			return "headers " + this.headers + ", data " + this.data.toString(StandardCharsets.UTF_8) + ", reset "
					+ this.reset + ", GOAWAY " + this.goAway + ", closed " + this.closed;
		}

	}

}
