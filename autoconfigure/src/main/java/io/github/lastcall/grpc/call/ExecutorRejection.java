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

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;

import io.grpc.Status;

import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/**
 * Statuses of calls whose executor does not accept their callbacks.
 */
final class ExecutorRejection {

	static final Status FULL = Status.RESOURCE_EXHAUSTED.withDescription("The executor queue of the server is full");

	private static final Status FAILED = Status.RESOURCE_EXHAUSTED.withDescription("The executor of the server failed");

	private static final Status CLOSED = Status.UNAVAILABLE
		.withDescription("The server is shutting down: its executor is closed");

	private ExecutorRejection() {
	}

	/**
	 * Returns the status of a call.
	 * @param executor the executor
	 * @param ex the exception that the executor has thrown
	 */
	static Status of(Executor executor, Throwable ex) {
		if (!(ex instanceof RejectedExecutionException)) {
			return FAILED.withCause(ex);
		}
		return isClosed(executor) ? CLOSED : FULL;
	}

	/**
	 * Spring's executors do not implement {@link ExecutorService}.
	 */
	private static boolean isClosed(Executor executor) {
		if (executor instanceof ThreadPoolTaskExecutor pool) {
			return pool.getThreadPoolExecutor().isShutdown();
		}
		if (executor instanceof SimpleAsyncTaskExecutor threads) {
			return !threads.isActive();
		}
		return executor instanceof ExecutorService service && service.isShutdown();
	}

}
