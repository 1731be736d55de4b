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

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Actions that the handler of a call wants to run when the server drains. Each runs once.
 */
final class DrainActions {

	private List<Runnable> actions = new ArrayList<>(1);

	synchronized void add(Runnable action) {
		this.actions.add(action);
	}

	/**
	 * Runs the actions between the callbacks of the call.
	 * @param serializing executor that runs tasks between the callbacks
	 * @param runner runs an action as a callback
	 */
	void run(Executor serializing, Consumer<Runnable> runner) {
		take().forEach((action) -> serializing.execute(() -> runner.accept(action)));
	}

	private synchronized List<Runnable> take() {
		List<Runnable> actions = this.actions;
		this.actions = new ArrayList<>(1);
		return actions;
	}

}
