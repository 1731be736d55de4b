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

package io.github.lastcall.grpc.lifecycle;

import java.time.Duration;

import io.github.lastcall.grpc.call.Connections;

/**
 * Time for idle connections to close by themselves after GOAWAY, as a dead client never
 * answers it. A client may send calls until it has received the GOAWAY, and these are
 * served. So the time begins when the event loops have sent it, which may be late on busy
 * processors, and ends when they have read what has arrived meanwhile.
 * <p>
 * For transitions only.
 */
final class ConnectionLinger {

	static final Duration TIME = Duration.ofSeconds(2);

	private final Connections connections;

	private final Transitions transitions;

	private boolean over;

	ConnectionLinger(Connections connections, Transitions transitions) {
		this.connections = connections;
		this.transitions = transitions;
	}

	/**
	 * Starts the time, once all event loops have run what has been submitted to them.
	 * @param end runs when the time is over, unless it is cancelled
	 */
	void start(Runnable end) {
		onceRead(() -> this.transitions.after(TIME, () -> onceRead(() -> {
			this.over = true;
			end.run();
		})));
	}

	private void onceRead(Runnable transition) {
		this.connections.onceRead(() -> this.transitions.executeOnTimer(() -> {
			if (!this.over) {
				transition.run();
			}
		}));
	}

	void cancel() {
		this.over = true;
	}

	/**
	 * Returns whether the time has passed or been cancelled.
	 */
	boolean isOver() {
		return this.over;
	}

}
