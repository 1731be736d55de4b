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

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.Refusals;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameTypes;
import io.grpc.netty.shaded.io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection whose client does not complete headers. There is no call with a
 * deadline yet, and the connection is not idle for grpc-java.
 *
 * <p>
 * Headers that arrive at once, as nearly all do, need no timer. The others share one
 * task, which runs once per timeout and checks whether the same headers are still
 * incomplete, so headers may take up to twice the timeout.
 */
final class NettyHeadersDeadline implements NettyFrameListener {

	private final Duration timeout;

	private final Refusals refusals;

	/**
	 * Whether headers continue after the current frame.
	 */
	private boolean continued;

	/**
	 * Whether headers end with the current frame.
	 */
	private boolean ending;

	private int ended;

	private @Nullable ChannelHandlerContext ctx;

	private @Nullable Future<?> check;

	NettyHeadersDeadline(Duration timeout, Refusals refusals) {
		this.timeout = timeout;
		this.refusals = refusals;
	}

	@Override
	public void added(ChannelHandlerContext ctx) {
		this.ctx = ctx;
	}

	@Override
	public boolean accepts() {
		if (this.check == null && isUnfinished() && this.ctx != null) {
			check(this.ctx);
		}
		return true;
	}

	@Override
	public void removed() {
		if (this.check != null) {
			this.check.cancel(false);
		}
	}

	private boolean isUnfinished() {
		return this.continued || this.ending;
	}

	private void check(ChannelHandlerContext ctx) {
		int before = this.ended;
		this.check = ctx.executor().schedule(() -> {
			this.check = null;
			if (!isUnfinished()) {
				return;
			}
			if (this.ended != before) {
				check(ctx);
				return;
			}
			this.refusals.report(RefusalReason.HANDSHAKE_TIMEOUT,
					() -> "closed the connection from %s: headers not completed within %d ms"
						.formatted(NettyConnectionGate.peer(ctx.channel()), this.timeout.toMillis()));
			ctx.close();
		}, this.timeout.toNanos(), TimeUnit.NANOSECONDS);
	}

	@Override
	public void frameBegins(int type, int flags, int stream, int length) {
		if (type == Http2FrameTypes.HEADERS || type == Http2FrameTypes.CONTINUATION) {
			this.ending = (flags & NettyFrameHeaders.END_HEADERS) != 0;
			this.continued = !this.ending;
		}
	}

	@Override
	public void frameEnds() {
		if (this.ending) {
			this.ending = false;
			this.ended++;
		}
	}

}
