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
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * The calls in flight, in slots: to enter is to claim a free slot, to leave is to free
 * it. Neither takes a lock, allocates, or looks anything up; to go through all calls is
 * the rare case and looks into every slot.
 * <p>
 * Each thread claims in one of a few stripes, so that event loops do not claim the same
 * slots. A stripe is a chain of arrays, each twice as long as the one before, that grows
 * when a free slot is not found soon.
 */
final class CallSlots {

	private static final int FIRST_LENGTH = 128;

	/**
	 * How many slots of an array are tried before the next array is.
	 */
	private static final int TRIES = 16;

	/**
	 * Several for each processor: there are more event loops than processors.
	 */
	private static final int STRIPES_PER_PROCESSOR = 8;

	private final Stripe[] stripes;

	private final int limit;

	/**
	 * What each stripe may have without asking the others, as long as none has more.
	 */
	private final int share;

	/**
	 * Odd while a stripe may have more than its share, and another number each time that
	 * one has: who takes that back must not miss a stripe that has come to it meanwhile.
	 */
	private final AtomicLong crowded = new AtomicLong();

	/**
	 * Create the slots.
	 * @param limit how many calls there may be
	 */
	CallSlots(int limit) {
		int stripes = STRIPES_PER_PROCESSOR * Integer.highestOneBit(Runtime.getRuntime().availableProcessors());
		this.stripes = new Stripe[stripes];
		for (int i = 0; i < stripes; i++) {
			this.stripes[i] = new Stripe();
		}
		this.limit = limit;
		this.share = limit / stripes;
	}

	/**
	 * Let a call enter.
	 * @param call the call, which has not entered yet
	 * @return whether there are no more than there may be
	 */
	boolean add(InFlightCall call) {
		Stripe stripe = this.stripes[(int) Thread.currentThread().getId() & (this.stripes.length - 1)];
		int count = stripe.count.incrementAndGet();
		boolean claimed = false;
		try {
			stripe.claim(call);
			claimed = true;
		}
		finally {
			if (!claimed) {
				stripe.count.decrementAndGet();
				call.leave();
			}
		}
		if (count > this.share) {
			// Said before looking: who adds to another stripe later looks too, and who
			// has
			// done so before is seen.
			this.crowded.updateAndGet((value) -> value + 1 + (value & 1));
		}
		else if ((this.crowded.get() & 1) == 0) {
			return true;
		}
		return isWithinLimit();
	}

	private boolean isWithinLimit() {
		long crowded = this.crowded.get();
		int size = 0;
		boolean shared = true;
		for (Stripe stripe : this.stripes) {
			int count = stripe.count.get();
			size += count;
			shared &= count <= this.share;
		}
		if (shared && (crowded & 1) == 1) {
			this.crowded.compareAndSet(crowded, crowded + 1);
		}
		return size <= this.limit;
	}

	/**
	 * How many calls there are.
	 * @return the number of calls
	 */
	int size() {
		int size = 0;
		for (Stripe stripe : this.stripes) {
			size += stripe.count.get();
		}
		return size;
	}

	/**
	 * Do something with every call that entered before and has not left meanwhile.
	 * @param action what to do
	 */
	void forEach(Consumer<InFlightCall> action) {
		for (Stripe stripe : this.stripes) {
			for (Slots slots = stripe.slots; slots != null; slots = slots.next) {
				for (int i = 0; i < slots.length(); i++) {
					InFlightCall call = slots.get(i);
					if (call != null) {
						action.accept(call);
					}
				}
			}
		}
	}

	/**
	 * What the calls that arrive on some threads share.
	 */
	private static final class Stripe {

		/**
		 * Those that are about to enter count too.
		 */
		private final AtomicInteger count = new AtomicInteger();

		private final Slots slots = new Slots(FIRST_LENGTH, this.count);

		void claim(InFlightCall call) {
			Slots slots = this.slots;
			while (!slots.claim(call)) {
				slots = slots.next();
			}
		}

	}

	/**
	 * Some slots. A call remembers its own, and leaves by freeing it.
	 */
	static final class Slots extends AtomicReferenceArray<@Nullable InFlightCall> {

		/**
		 * Where the search begins: calls that came together leave together, so the slot
		 * after the last one is probably free. Not exact when threads share a stripe.
		 */
		private int cursor;

		private final AtomicInteger count;

		private volatile @Nullable Slots next;

		Slots(int length, AtomicInteger count) {
			super(length);
			this.count = count;
		}

		private boolean claim(InFlightCall call) {
			int slot = this.cursor;
			for (int i = 0; i < TRIES; i++) {
				slot = (slot + 1) & (length() - 1);
				if (get(slot) == null) {
					call.enter(this, slot);
					if (compareAndSet(slot, null, call)) {
						this.cursor = slot;
						return true;
					}
				}
			}
			this.cursor = slot;
			return false;
		}

		private Slots next() {
			Slots next = this.next;
			if (next == null) {
				synchronized (this) {
					next = this.next;
					if (next == null) {
						next = new Slots(2 * length(), this.count);
						this.next = next;
					}
				}
			}
			return next;
		}

		void free(int slot) {
			lazySet(slot, null);
			this.count.decrementAndGet();
		}

	}

}
