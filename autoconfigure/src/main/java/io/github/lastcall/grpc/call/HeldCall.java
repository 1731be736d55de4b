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

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

import org.jspecify.annotations.Nullable;

/**
 * Who holds a call: its stream, and its handler. The call is over, and gives its slot
 * back, when both have let go of it. Each may say so more than once: whoever finds out
 * that one of them cannot say it any more says it in its place.
 */
abstract class HeldCall extends OutboundCall {

	private static final AtomicIntegerFieldUpdater<HeldCall> HOLDERS = AtomicIntegerFieldUpdater
		.newUpdater(HeldCall.class, "holders");

	private static final int NOBODY_YET = 0;

	private static final int STREAM_AND_HANDLER = 1;

	private static final int HANDLER = 2;

	private static final int STREAM = 3;

	private static final int NOBODY = 4;

	private CallSlots.@Nullable Slots slots;

	private int slot;

	/**
	 * NOBODY_YET until the call is going to get a handler, then STREAM_AND_HANDLER, then
	 * one of them, then NOBODY.
	 */
	private volatile int holders;

	HeldCall(TrackedMethod method) {
		super(method);
	}

	/**
	 * The call gets this slot, if nobody else does.
	 */
	final void enter(CallSlots.Slots slots, int slot) {
		this.slots = slots;
		this.slot = slot;
	}

	/**
	 * No slot could be had: there was no memory for more of them.
	 */
	final void leave() {
		this.slots = null;
	}

	final boolean hasSlot() {
		return this.slots != null;
	}

	/**
	 * Both hold the call from now on, unless its stream has been closed already.
	 */
	final void hold() {
		HOLDERS.compareAndSet(this, NOBODY_YET, STREAM_AND_HANDLER);
	}

	final void streamDone() {
		try {
			letGo(HANDLER);
		}
		finally {
			streamFreed();
		}
	}

	/**
	 * The handler has had its last callback, or will have none.
	 */
	final void handlerDone() {
		// The last callback comes after the end of the stream.
		if (this.holders != HANDLER || !HOLDERS.compareAndSet(this, HANDLER, NOBODY)) {
			letGo(STREAM);
		}
		else {
			over();
		}
	}

	/**
	 * In the same process the stream may be closed on another thread, while the call
	 * begins.
	 */
	private void letGo(int rest) {
		while (true) {
			int holders = this.holders;
			if (holders == rest || holders == NOBODY) {
				return;
			}
			boolean both = holders == STREAM_AND_HANDLER || holders == NOBODY_YET;
			if (HOLDERS.compareAndSet(this, holders, both ? rest : NOBODY)) {
				if (both) {
					ending();
				}
				else {
					over();
				}
				return;
			}
		}
	}

	private void over() {
		ending();
		CallSlots.Slots slots = this.slots;
		if (slots != null) {
			slots.free(this.slot);
		}
		ended();
	}

	final boolean isHeldByBoth() {
		return this.holders == STREAM_AND_HANDLER;
	}

	@Override
	final boolean isStreamDone() {
		int holders = this.holders;
		return holders == HANDLER || holders == NOBODY;
	}

	final boolean isHandlerDone() {
		int holders = this.holders;
		return holders == STREAM || holders == NOBODY;
	}

	/**
	 * Whether nothing but the last callback of the handler is missing.
	 */
	final boolean isHeldByHandler() {
		return this.holders == HANDLER;
	}

	/**
	 * Whether the stream or the handler has let go.
	 */
	final boolean isEnding() {
		return this.holders > STREAM_AND_HANDLER;
	}

	/**
	 * The stream or the handler has let go. Called again when the other one does.
	 */
	abstract void ending();

	/**
	 * The call has left its slot.
	 */
	abstract void ended();

}
