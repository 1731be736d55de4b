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
import java.util.ArrayList;
import java.util.List;

import io.github.lastcall.grpc.call.InFlightCalls;

/**
 * Announcement that one server is going to stop: the propagation delay, then the quiet
 * period. Used by transitions only.
 */
final class Announcement {

	private final ShutdownSettings settings;

	private final InFlightCalls calls;

	private final Transitions transitions;

	private final List<Runnable> callbacks = new ArrayList<>();

	private boolean running;

	Announcement(ShutdownSettings settings, InFlightCalls calls, Transitions transitions) {
		this.settings = settings;
		this.calls = calls;
		this.transitions = transitions;
	}

	/**
	 * Begins. The propagation delay counts from the beginning of the state.
	 */
	void begin() {
		this.running = true;
		this.transitions.whenInStateFor(this.settings.propagationDelay(), this::endWhenQuiet);
	}

	private void endWhenQuiet() {
		Duration quiet = this.settings.quietPeriod().minus(this.calls.quiet());
		Duration most = this.settings.longestAnnouncement().minus(this.transitions.timeInState());
		Duration wait = (quiet.compareTo(most) < 0) ? quiet : most;
		if (this.settings.quietPeriod().isZero() || wait.compareTo(Duration.ZERO) <= 0) {
			end();
		}
		else {
			this.transitions.after(wait, this::endWhenQuiet);
		}
	}

	/**
	 * Calls back when the announcement is over, immediately if none is running.
	 */
	void whenOver(Runnable callback) {
		if (this.running) {
			this.callbacks.add(callback);
		}
		else {
			callback.run();
		}
	}

	void end() {
		this.running = false;
		List<Runnable> callbacks = List.copyOf(this.callbacks);
		this.callbacks.clear();
		callbacks.forEach(Runnable::run);
	}

}
