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
package io.github.lastcall.grpc.executor;

import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * Runs each task after a delay, on a thread that is there for this task only. The JDK's
 * own timers are the application's too: behind a callback that blocks, or in a common
 * pool that is full, a task would wait for ever.
 *
 * @param name the name of the threads
 * @param delay how long a task waits
 */
public record DelayedThread(String name, Duration delay) implements Executor {

	@Override
	public void execute(Runnable task) {
		Thread thread = new Thread(() -> {
			try {
				Thread.sleep(this.delay.toMillis());
			}
			catch (InterruptedException ex) {
				// Whoever wants it to end gets what it has to do now.
			}
			task.run();
		}, this.name);
		thread.setDaemon(true);
		thread.start();
	}

}
