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

package io.github.lastcall.grpc.call;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Holders of a call: its stream and its handler. The call is over once both have released
 * it. Each may release it more than once, because whoever notices that a holder cannot do
 * so any more does it in its place.
 * <p>
 * The state only advances: from {@code NONE} to {@code BOTH} when the call is going to
 * get a handler, then to the holder that is left, then to {@code RELEASED}. Each change
 * is a compare-and-set, so exactly one caller learns that the call is over. A stream may
 * be closed before the call has got a handler, by another thread of the same process.
 */
@SuppressWarnings("serial")
final class CallHolders extends AtomicInteger {

	private static final int NONE = 0;

	private static final int BOTH = 1;

	private static final int HANDLER = 2;

	private static final int STREAM = 3;

	private static final int RELEASED = 4;

	/**
	 * Makes both hold the call, unless the stream has been closed already.
	 */
	void acquire() {
		compareAndSet(NONE, BOTH);
	}

	/**
	 * Releases the call on behalf of its stream.
	 * @return whether the call is over now
	 */
	boolean releaseStream() {
		return release(HANDLER);
	}

	/**
	 * Releases the call on behalf of its handler, which gets no further callback.
	 * @return whether the call is over now
	 */
	boolean releaseHandler() {
		return release(STREAM);
	}

	private boolean release(int other) {
		while (true) {
			int holders = get();
			if (holders == other || holders == RELEASED) {
				return false;
			}
			boolean last = holders == HANDLER || holders == STREAM;
			if (compareAndSet(holders, last ? RELEASED : other)) {
				return last;
			}
		}
	}

	boolean isHeldByBoth() {
		return get() == BOTH;
	}

	boolean isHeldByHandlerOnly() {
		return get() == HANDLER;
	}

	boolean isReleasedByStream() {
		int holders = get();
		return holders == HANDLER || holders == RELEASED;
	}

	boolean isReleasedByHandler() {
		int holders = get();
		return holders == STREAM || holders == RELEASED;
	}

	boolean isReleasedByAny() {
		return get() > BOTH;
	}

}
