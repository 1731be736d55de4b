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

package io.github.lastcall.grpc.server;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

import org.springframework.beans.factory.DisposableBean;

/**
 * The executor of the application's calls: a thread for each callback that runs, kept for
 * the next one, as grpc-java has it by default. It ends with its context.
 * <p>
 * Deliberately no {@link Executor} itself: a bean of that type would replace the one that
 * Spring Boot configures for the application.
 */
public final class ServerExecutor implements DisposableBean {

	private final ExecutorService executor;

	/**
	 * Create a new executor. No thread starts before the first call.
	 */
	public ServerExecutor() {
		AtomicInteger number = new AtomicInteger();
		this.executor = Executors.newCachedThreadPool((task) -> {
			Thread thread = new Thread(task, "grpc-executor-" + number.incrementAndGet());
			thread.setDaemon(true);
			return thread;
		});
	}

	/**
	 * The executor.
	 * @return the executor
	 */
	public Executor get() {
		return this.executor;
	}

	@Override
	public void destroy() {
		// What still runs has been told already, or has not listened.
		this.executor.shutdown();
	}

}
