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

/**
 * What is sampled.
 */
enum ProfiledEvent {

	/**
	 * Every so often of processor time, the stack of the thread that uses it.
	 */
	CPU("cpu", "event=itimer,interval=1ms,threads"),

	/**
	 * Every so many bytes of heap, the stack that allocates. The last frame is the class
	 * of the object.
	 */
	ALLOCATION("alloc", "event=alloc,alloc=16k,threads");

	private final String label;

	private final String arguments;

	ProfiledEvent(String label, String arguments) {
		this.label = label;
		this.arguments = arguments;
	}

	String label() {
		return this.label;
	}

	String arguments() {
		return this.arguments;
	}

	static ProfiledEvent named(String label) {
		for (ProfiledEvent event : values()) {
			if (event.label.equals(label)) {
				return event;
			}
		}
		throw new IllegalArgumentException("No such profile: %s. There are cpu, alloc and start".formatted(label));
	}

}
