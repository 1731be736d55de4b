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
package io.github.lastcall.grpc.netty;

import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;

import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.Refusals;
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.channel.ChannelFutureListener;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelOutboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.channel.ChannelPromise;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Connection.Endpoint;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Error;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameTypes;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Stream;
import io.grpc.netty.shaded.io.netty.util.ReferenceCountUtil;
import io.grpc.netty.shaded.io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Handler below HTTP/2 that closes the connection of a client that does not start HTTP/2
 * in time or does not read protocol replies, and reports what the server refuses.
 * Refusals by grpc-java and Netty have no hook, so they are recognized by the error codes
 * of outbound GOAWAY and RST_STREAM frames. Only the headers of outbound frames are read.
 */
final class NettyConnectionGuard extends ChannelOutboundHandlerAdapter {

	private static final int HEADER_LENGTH = 9;

	/**
	 * Number of control frames that a client may send for each frame it receives. HAProxy
	 * and h2load send up to three.
	 */
	private static final int PER_FRAME = 4;

	/**
	 * Number of bytes of DATA for which a client may send another control frame.
	 */
	private static final int FRAME_UNIT = 1024;

	/**
	 * Maximum number of protocol replies that a client may leave unread. At one more,
	 * grpc-java closes the connection and Netty logs a stack trace.
	 */
	private static final int MAX_UNREAD = 9_999;

	/**
	 * Limits explanations, which can quote what the client sent.
	 */
	private static final int MAX_EXPLANATION = 200;

	/**
	 * Errors that are not refusals. An internal error is the fault of the server, or the
	 * client has gone.
	 */
	private static final Set<Http2Error> NO_REFUSALS = EnumSet.of(Http2Error.NO_ERROR, Http2Error.CANCEL,
			Http2Error.STREAM_CLOSED, Http2Error.INTERNAL_ERROR);

	/**
	 * Messages of Java and of Netty.
	 */
	private static final Pattern OUT_OF_MEMORY = Pattern.compile("direct (buffer )?memory|OutOfDirectMemoryError");

	private final NettyOutboundStreams streams;

	private final Duration handshakeTimeout;

	private final ControlFrameBudget controlFrames;

	private final Refusals refusals;

	private final Set<RefusalReason> reported = EnumSet.noneOf(RefusalReason.class);

	private @Nullable Future<?> handshake;

	/**
	 * Number of bytes of the last frame that are still to be written.
	 */
	private long payload;

	/**
	 * Last stream that the server has ended with headers only.
	 */
	private int ended;

	private @Nullable Http2Error goAway;

	/**
	 * Number of protocol replies that have not been sent because the client does not
	 * read.
	 */
	private int unread;

	private final ChannelFutureListener sent = (future) -> this.unread--;

	private boolean closing;

	/**
	 * Whether the next buffer is the text of a GOAWAY that the client must not receive.
	 */
	private boolean hideNext;

	private boolean countsFull;

	NettyConnectionGuard(NettyOutboundStreams streams, Duration handshakeTimeout, ControlFrameBudget controlFrames,
			Refusals refusals) {
		this.streams = streams;
		this.handshakeTimeout = handshakeTimeout;
		this.controlFrames = controlFrames;
		this.refusals = refusals;
	}

	@Override
	public void handlerAdded(ChannelHandlerContext ctx) {
		this.handshake = ctx.executor()
			.schedule(() -> handshakeTimedOut(ctx), this.handshakeTimeout.toNanos(), TimeUnit.NANOSECONDS);
	}

	@Override
	public void handlerRemoved(ChannelHandlerContext ctx) {
		endHandshake();
	}

	private void endHandshake() {
		if (this.handshake != null) {
			this.handshake.cancel(false);
			this.handshake = null;
		}
	}

	private void handshakeTimedOut(ChannelHandlerContext ctx) {
		this.handshake = null;
		if (!ctx.channel().isActive()) {
			// The timeout of TLS was first.
			return;
		}
		closed(ctx, RefusalReason.HANDSHAKE_TIMEOUT,
				"no HTTP/2 settings within " + this.handshakeTimeout.toMillis() + " ms");
		ctx.close();
	}

	@Override
	public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
		if (this.hideNext && message instanceof ByteBuf bytes) {
			hideText(ctx, bytes, promise);
			return;
		}
		if (this.closing) {
			ReferenceCountUtil.release(message);
			promise.tryFailure(new ClosedChannelException());
			return;
		}
		boolean answer = message instanceof ByteBuf bytes && read(ctx, bytes);
		ctx.write(message, answer ? countUnread(promise) : promise);
		if (this.unread >= MAX_UNREAD) {
			// Replies to frames that were read together may not have been sent yet.
			ctx.flush();
			if (this.unread >= MAX_UNREAD && !this.closing) {
				this.closing = true;
				closed(ctx, RefusalReason.FLOOD,
						"%d answers to PING, SETTINGS and RST_STREAM are unread".formatted(this.unread));
				// Bypasses TLS, which would wait for the client to read.
				ctx.channel().unsafe().close(ctx.voidPromise());
			}
		}
	}

	/**
	 * Keeps the message of an exception from the client.
	 */
	private void hideText(ChannelHandlerContext ctx, ByteBuf text, ChannelPromise promise) {
		this.hideNext = false;
		if (OUT_OF_MEMORY.matcher(text.toString(StandardCharsets.US_ASCII)).find()) {
			closed(ctx, RefusalReason.INBOUND_BUFFER, "direct memory exhausted (-XX:MaxDirectMemorySize)");
		}
		text.release();
		promise.trySuccess();
	}

	private ChannelPromise countUnread(ChannelPromise promise) {
		this.unread++;
		return promise.unvoid().addListener(this.sent);
	}

	/**
	 * Reads the headers of frames. Netty writes each header in one piece, with or without
	 * the payload.
	 * @return whether a frame is a protocol reply
	 */
	private boolean read(ChannelHandlerContext ctx, ByteBuf bytes) {
		if (this.goAway != null && this.payload > 0) {
			goAway(ctx, this.goAway, bytes);
		}
		int index = bytes.readerIndex();
		long left = bytes.readableBytes() - this.payload;
		boolean answer = false;
		while (left >= HEADER_LENGTH) {
			int start = (int) (index + bytes.readableBytes() - left);
			answer |= readFrame(ctx, bytes, start, bytes.getUnsignedMedium(start), left);
			left -= HEADER_LENGTH + bytes.getUnsignedMedium(start);
		}
		this.payload = Math.max(-left, 0);
		return answer;
	}

	private boolean readFrame(ChannelHandlerContext ctx, ByteBuf bytes, int start, int length, long available) {
		byte type = bytes.getByte(start + 3);
		int flags = bytes.getByte(start + 4);
		if (type == Http2FrameTypes.DATA) {
			this.streams.written(bytes.getInt(start + 5), length);
			this.controlFrames.allow(PER_FRAME + length / FRAME_UNIT);
		}
		else if (type == Http2FrameTypes.HEADERS) {
			this.controlFrames.allow(PER_FRAME);
			if ((flags & NettyFrameHeaders.END_STREAM) != 0) {
				this.ended = bytes.getInt(start + 5);
			}
		}
		else if (type == Http2FrameTypes.SETTINGS) {
			if ((flags & NettyFrameHeaders.ACK) != 0) {
				// Acknowledges the client's settings, which follow its preface.
				endHandshake();
				countFull(ctx);
				return true;
			}
		}
		else if (type == Http2FrameTypes.PING) {
			return (flags & NettyFrameHeaders.ACK) != 0;
		}
		else if (type == Http2FrameTypes.RST_STREAM && available >= HEADER_LENGTH + 4) {
			reset(ctx, bytes.getInt(start + 5), error(bytes.getInt(start + HEADER_LENGTH)));
			return true;
		}
		else if (type == Http2FrameTypes.GO_AWAY && available >= HEADER_LENGTH + 8) {
			Http2Error error = error(bytes.getInt(start + HEADER_LENGTH + 4));
			if (error == Http2Error.INTERNAL_ERROR && length > 8 && available == HEADER_LENGTH + 8) {
				// Netty writes the text separately.
				bytes.setMedium(start, 8);
				this.hideNext = true;
			}
			if (!NO_REFUSALS.contains(error) && this.goAway == null) {
				this.goAway = error;
				if (length == 8) {
					goAway(ctx, error, bytes.slice(0, 0));
				}
			}
		}
		return false;
	}

	private void countFull(ChannelHandlerContext ctx) {
		Http2ConnectionHandler http2 = ctx.pipeline().get(Http2ConnectionHandler.class);
		if (http2 != null && !this.countsFull) {
			this.countsFull = true;
			http2.connection().addListener(new NettyFullConnection(ctx, http2.connection().remote()));
		}
	}

	private void goAway(ChannelHandlerContext ctx, Http2Error error, ByteBuf debugData) {
		String explanation = printable(debugData);
		closed(ctx, reason(error, explanation), error + (explanation.isEmpty() ? "" : ", " + explanation));
	}

	private static RefusalReason reason(Http2Error error, String explanation) {
		if (explanation.equals("too_many_pings")) {
			return RefusalReason.PINGS;
		}
		if (explanation.equals("too_many_rststreams")) {
			return RefusalReason.RESETS;
		}
		if (explanation.equals(NettyControlFrames.EXPLANATION)) {
			return RefusalReason.CONTROL_FRAMES;
		}
		if (explanation.startsWith("Header size exceeded")) {
			return RefusalReason.METADATA_SIZE;
		}
		return (error == Http2Error.ENHANCE_YOUR_CALM) ? RefusalReason.FLOOD : RefusalReason.PROTOCOL;
	}

	private void closed(ChannelHandlerContext ctx, RefusalReason reason, String explanation) {
		if (this.reported.add(reason)) {
			this.refusals.report(reason, () -> "closed the connection from %s: %s"
				.formatted(NettyConnectionGate.peer(ctx.channel()), explanation));
		}
	}

	private void reset(ChannelHandlerContext ctx, int stream, Http2Error error) {
		RefusalReason reason = resetReason(stream, error);
		if (reason == null) {
			return;
		}
		refusedCall(reason, () -> "refused a call on the connection from %s (%s); further refusals are only counted"
			.formatted(NettyConnectionGate.peer(ctx.channel()), reason.getTag()));
	}

	private void refusedCall(RefusalReason reason, Supplier<String> line) {
		if (this.reported.add(reason)) {
			this.refusals.report(reason, line);
		}
		else {
			this.refusals.count(reason);
		}
	}

	private @Nullable RefusalReason resetReason(int stream, Http2Error error) {
		if (NO_REFUSALS.contains(error) || this.streams.isResetting(stream)) {
			return null;
		}
		if (error == Http2Error.REFUSED_STREAM) {
			return RefusalReason.CALLS_PER_CONNECTION;
		}
		if (error == Http2Error.ENHANCE_YOUR_CALM) {
			return RefusalReason.INBOUND_BUFFER;
		}
		if (error == Http2Error.PROTOCOL_ERROR && this.ended == stream) {
			// Netty sends this after HTTP status 431.
			return RefusalReason.METADATA_SIZE;
		}
		return reason(error, "");
	}

	private static Http2Error error(int code) {
		Http2Error error = Http2Error.valueOf(code);
		return (error != null) ? error : Http2Error.INTERNAL_ERROR;
	}

	private static String printable(ByteBuf bytes) {
		int length = Math.min(bytes.readableBytes(), MAX_EXPLANATION);
		return bytes.toString(bytes.readerIndex(), length, StandardCharsets.US_ASCII).replaceAll("[^ -~]", "?");
	}

	/**
	 * Counts how often a client reaches its limit of calls. A client that knows the limit
	 * sends no more calls: further ones wait in the client.
	 */
	private final class NettyFullConnection extends Http2ConnectionAdapter {

		private final ChannelHandlerContext ctx;

		private final Endpoint<?> client;

		NettyFullConnection(ChannelHandlerContext ctx, Endpoint<?> client) {
			this.ctx = ctx;
			this.client = client;
		}

		@Override
		public void onStreamActive(Http2Stream stream) {
			int calls = this.client.numActiveStreams();
			if (calls == this.client.maxActiveStreams()) {
				refusedCall(RefusalReason.CALLS_PER_CONNECTION,
						() -> "reached the limit of %2$d calls on the connection from %1$s: further calls wait or are refused; this is now only counted"
							.formatted(NettyConnectionGate.peer(this.ctx.channel()), calls));
			}
		}

	}

}
