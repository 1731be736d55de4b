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
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.shaded.io.netty.bootstrap.Bootstrap;
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.buffer.ByteBufInputStream;
import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.EventLoop;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollSocketChannel;
import io.grpc.netty.shaded.io.netty.handler.codec.ByteToMessageDecoder;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2CodecUtil;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Error;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Flags;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameAdapter;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameReader;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameTypes;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Headers;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Settings;
import io.grpc.netty.shaded.io.netty.util.AsciiString;
import io.grpc.netty.shaded.io.netty.util.collection.IntObjectHashMap;
import io.grpc.netty.shaded.io.netty.util.collection.IntObjectMap;
import org.jspecify.annotations.Nullable;

/**
 * A connection for unary calls with small messages that takes about half of the processor
 * time of a channel of grpc-java: the client shares the processors of the server, which
 * need not be slow because of it. It sends what grpc-java sends, also when a deadline
 * passes. Callbacks run on the event loop. It does not retry, and has no flow control:
 * the few bytes of calls in flight fit into the windows.
 */
final class FrameChannel extends Channel {

	private static final int CONNECTION_WINDOW = 1 << 30;

	private static final int MESSAGE_PREFIX = 5;

	private static final AsciiString STATUS = AsciiString.cached("grpc-status");

	private static final ClientStreamTracer.StreamInfo STREAM_INFO = ClientStreamTracer.StreamInfo.newBuilder().build();

	/**
	 * Time between two looks for deadlines that have passed.
	 */
	private static final long DEADLINES_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

	private final int port;

	private final EventLoop eventLoop;

	private final String authority;

	/**
	 * For new calls. On the event loop only.
	 */
	private @Nullable Connection connection;

	FrameChannel(int port, EventLoop eventLoop) {
		this.port = port;
		this.eventLoop = eventLoop;
		this.authority = "127.0.0.1:" + port;
	}

	private Connection connection() {
		if (this.connection == null) {
			Connection connection = new Connection();
			this.connection = connection;
			new Bootstrap().group(this.eventLoop)
				.channel(EpollSocketChannel.class)
				.handler(connection)
				.connect("127.0.0.1", this.port)
				.addListener((connected) -> {
					if (!connected.isSuccess()) {
						connection.close(Status.UNAVAILABLE.withCause(connected.cause()));
					}
				});
		}
		return this.connection;
	}

	@Override
	public String authority() {
		return this.authority;
	}

	@Override
	public <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> method, CallOptions options) {
		return new Call<>(method, options);
	}

	void close() {
		this.eventLoop.execute(() -> {
			if (this.connection != null) {
				this.connection.end();
			}
		});
	}

	private final class Call<Q, R> extends ClientCall<Q, R> {

		private final MethodDescriptor<Q, R> method;

		private final CallOptions options;

		private @Nullable Listener<R> listener;

		private @Nullable InputStream message;

		private int stream;

		Call(MethodDescriptor<Q, R> method, CallOptions options) {
			this.method = method;
			this.options = options;
		}

		@Override
		public void start(Listener<R> listener, Metadata headers) {
			this.listener = listener;
			for (ClientStreamTracer.Factory tracer : this.options.getStreamTracerFactories()) {
				tracer.newClientStreamTracer(STREAM_INFO, headers);
			}
		}

		@Override
		public void request(int messages) {
			// There is no flow control.
		}

		@Override
		public void sendMessage(Q message) {
			this.message = this.method.streamRequest(message);
		}

		@Override
		public void halfClose() {
			if (FrameChannel.this.eventLoop.inEventLoop()) {
				connection().open(this);
			}
			else {
				FrameChannel.this.eventLoop.execute(() -> connection().open(this));
			}
		}

		@Override
		public void cancel(@Nullable String message, @Nullable Throwable cause) {
			throw new UnsupportedOperationException("Calls end by themselves or by their deadline");
		}

		void received(ByteBuf message) {
			if (this.listener != null) {
				this.listener.onMessage(this.method.parseResponse(new ByteBufInputStream(message)));
			}
		}

		void closed(Status status) {
			if (this.listener != null) {
				this.listener.onClose(status, new Metadata());
			}
		}

		boolean isDue() {
			return this.options.getDeadline() != null && this.options.getDeadline().isExpired();
		}

	}

	/**
	 * What is sent and received. On the event loop only.
	 */
	private final class Connection extends ByteToMessageDecoder {

		private final IntObjectMap<Call<?, ?>> calls = new IntObjectHashMap<>();

		/**
		 * Calls with a deadline in the order in which they have begun, ended ones too.
		 */
		private final Deque<Call<?, ?>> deadlines = new ArrayDeque<>();

		private final Http2HeadersEncoder headers = new DefaultHttp2HeadersEncoder();

		private final Http2FrameReader frames = new DefaultHttp2FrameReader(false);

		private final Received received = new Received();

		private int lastStream = -1;

		/**
		 * Frames to be sent together, {@code null} if there are none.
		 */
		private @Nullable ByteBuf pending;

		private @Nullable ChannelHandlerContext context;

		private @Nullable Future<?> expiry;

		Connection() {
			ByteBuf pending = pending();
			pending.writeBytes(Http2CodecUtil.connectionPrefaceBuf());
			frame(pending, 0, Http2FrameTypes.SETTINGS, 0, 0);
			frame(pending, Integer.BYTES, Http2FrameTypes.WINDOW_UPDATE, 0, 0);
			pending.writeInt(CONNECTION_WINDOW);
		}

		@Override
		public void channelActive(ChannelHandlerContext ctx) {
			this.context = ctx;
			this.expiry = ctx.executor()
				.scheduleWithFixedDelay(this::expire, DEADLINES_NANOS, DEADLINES_NANOS, TimeUnit.NANOSECONDS);
			flush();
		}

		@Override
		public void channelInactive(ChannelHandlerContext ctx) {
			close(Status.UNAVAILABLE.withDescription("The connection is closed"));
		}

		@Override
		protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Http2Exception {
			this.frames.readFrame(ctx, in, this.received);
		}

		@Override
		public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
			close(((cause instanceof IOException) ? Status.UNAVAILABLE : Status.INTERNAL).withCause(cause));
			ctx.close();
		}

		void open(Call<?, ?> call) {
			this.lastStream += 2;
			call.stream = this.lastStream;
			this.calls.put(call.stream, call);
			if (call.options.getDeadline() != null) {
				this.deadlines.add(call);
			}
			try {
				write(call);
			}
			catch (Http2Exception | IOException ex) {
				throw new IllegalStateException(ex);
			}
		}

		private void write(Call<?, ?> call) throws Http2Exception, IOException {
			DefaultHttp2Headers headers = new DefaultHttp2Headers(false);
			headers.authority(FrameChannel.this.authority)
				.path("/" + call.method.getFullMethodName())
				.method("POST")
				.scheme("http");
			headers.add("content-type", "application/grpc").add("te", "trailers").add("user-agent", "benchmark");
			if (call.options.getDeadline() != null) {
				long left = call.options.getDeadline().timeRemaining(TimeUnit.MICROSECONDS);
				headers.add("grpc-timeout", Math.max(1, left) + "u");
			}
			ByteBuf pending = pending();
			int start = pending.writerIndex();
			frame(pending, 0, Http2FrameTypes.HEADERS, Http2Flags.END_HEADERS, call.stream);
			this.headers.encodeHeaders(call.stream, headers, pending);
			pending.setMedium(start, pending.writerIndex() - start - Http2CodecUtil.FRAME_HEADER_LENGTH);
			InputStream message = call.message;
			int length = (message != null) ? message.available() : 0;
			frame(pending, MESSAGE_PREFIX + length, Http2FrameTypes.DATA, Http2Flags.END_STREAM, call.stream);
			pending.writeByte(0).writeInt(length);
			if (message != null) {
				pending.writeBytes(message, length);
			}
		}

		/**
		 * Ends the calls whose deadline has passed, in the order in which they have
		 * begun.
		 */
		private void expire() {
			for (Call<?, ?> call = this.deadlines.peek(); call != null; call = this.deadlines.peek()) {
				boolean ended = this.calls.get(call.stream) != call;
				if (!ended && !call.isDue()) {
					return;
				}
				this.deadlines.remove();
				if (!ended) {
					reset(call.stream);
					this.calls.remove(call.stream);
					call.closed(Status.DEADLINE_EXCEEDED);
				}
			}
		}

		private void reset(int stream) {
			ByteBuf pending = pending();
			frame(pending, Integer.BYTES, Http2FrameTypes.RST_STREAM, 0, stream);
			pending.writeInt((int) Http2Error.CANCEL.code());
		}

		/**
		 * Ends all calls. The next one needs another connection.
		 */
		private void close(Status status) {
			leave();
			if (this.expiry != null) {
				this.expiry.cancel(false);
			}
			List<Call<?, ?>> calls = new ArrayList<>(this.calls.values());
			this.calls.clear();
			calls.forEach((call) -> call.closed(status));
		}

		private void leave() {
			if (FrameChannel.this.connection == this) {
				FrameChannel.this.connection = null;
			}
		}

		void end() {
			if (this.context != null) {
				this.context.close();
			}
		}

		private void frame(ByteBuf target, int length, int type, int flags, int stream) {
			target.writeMedium(length).writeByte(type).writeByte(flags).writeInt(stream);
		}

		private ByteBuf pending() {
			if (this.pending == null) {
				this.pending = Unpooled.directBuffer();
				FrameChannel.this.eventLoop.execute(this::flush);
			}
			return this.pending;
		}

		private void flush() {
			if (this.context != null && this.pending != null) {
				this.context.writeAndFlush(this.pending);
				this.pending = null;
			}
		}

		/**
		 * Frames that have been received.
		 */
		private final class Received extends Http2FrameAdapter {

			@Override
			public void onHeadersRead(ChannelHandlerContext ctx, int stream, Http2Headers headers, int dependency,
					short weight, boolean exclusive, int padding, boolean endStream) {
				onHeadersRead(ctx, stream, headers, padding, endStream);
			}

			@Override
			public void onHeadersRead(ChannelHandlerContext ctx, int stream, Http2Headers headers, int padding,
					boolean endStream) {
				Call<?, ?> call = endStream ? Connection.this.calls.remove(stream) : null;
				if (call != null) {
					CharSequence status = headers.get(STATUS);
					call.closed((status != null) ? Status.fromCodeValue(Integer.parseInt(status.toString()))
							: Status.INTERNAL.withDescription("No status: " + headers));
				}
			}

			@Override
			public int onDataRead(ChannelHandlerContext ctx, int stream, ByteBuf data, int padding,
					boolean endOfStream) {
				Call<?, ?> call = Connection.this.calls.get(stream);
				int length = data.readableBytes();
				if (call != null && length > 0) {
					if (length < MESSAGE_PREFIX || data.getInt(data.readerIndex() + 1) != length - MESSAGE_PREFIX) {
						throw new UncheckedIOException(new IOException("More or less than one message in a frame"));
					}
					call.received(data.slice(data.readerIndex() + MESSAGE_PREFIX, length - MESSAGE_PREFIX));
				}
				return length + padding;
			}

			@Override
			public void onRstStreamRead(ChannelHandlerContext ctx, int stream, long error) {
				Call<?, ?> call = Connection.this.calls.remove(stream);
				if (call != null) {
					// A server that ends a call at its deadline may be first.
					call.closed(call.isDue() ? Status.DEADLINE_EXCEEDED
							: Status.UNAVAILABLE.withDescription("RST_STREAM " + Http2Error.valueOf(error)));
				}
			}

			@Override
			public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) throws Http2Exception {
				Long table = settings.headerTableSize();
				if (table != null) {
					Connection.this.headers.configuration()
						.maxHeaderTableSize(Math.min(table, Http2CodecUtil.DEFAULT_HEADER_TABLE_SIZE));
				}
				frame(pending(), 0, Http2FrameTypes.SETTINGS, Http2Flags.ACK, 0);
			}

			@Override
			public void onPingRead(ChannelHandlerContext ctx, long data) {
				ByteBuf pending = pending();
				frame(pending, Long.BYTES, Http2FrameTypes.PING, Http2Flags.ACK, 0);
				pending.writeLong(data);
			}

			@Override
			public void onGoAwayRead(ChannelHandlerContext ctx, int lastStream, long error, ByteBuf debug) {
				// The server ends the other calls, and the connection after them.
				leave();
				List<Call<?, ?>> calls = new ArrayList<>(Connection.this.calls.values());
				for (Call<?, ?> call : calls) {
					if (call.stream > lastStream) {
						Connection.this.calls.remove(call.stream);
						call.closed(Status.UNAVAILABLE.withDescription("GOAWAY " + Http2Error.valueOf(error)));
					}
				}
			}

		}

	}

}
