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
package io.github.lastcall.grpc.limits;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;

import io.grpc.Status;

import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/**
 * Statuses that clients receive when a limit or the executor refuses a call.
 */
public final class RefusalStatus {

	/**
	 * Status of a call whose inbound message exceeds the memory limit.
	 */
	public static final Status INBOUND_MEMORY = exhausted("Memory limit for inbound messages exceeded");

	/**
	 * Status of a call when the queue of its executor is full.
	 */
	public static final Status EXECUTOR_FULL = exhausted("The executor queue of the server is full");

	/**
	 * Status of a call when calls of its method wait too long for a thread.
	 */
	public static final Status OVERLOADED = exhausted(
			"The server is overloaded: calls of this method wait too long for a thread");

	private static final Status EXECUTOR_FAILED = exhausted("The executor of the server failed");

	private static final Status EXECUTOR_CLOSED = Status.UNAVAILABLE
		.withDescription("The server is shutting down: its executor is closed");

	private RefusalStatus() {
	}

	/**
	 * Returns the status of a call above the limit of the server.
	 * @param limit the maximum number of concurrent calls
	 */
	public static Status concurrentCalls(int limit) {
		return exhausted("Concurrent call limit exceeded (%d)".formatted(limit));
	}

	/**
	 * Returns the status of a stream of an infrastructure service above the limit.
	 * @param limit the maximum number of concurrent streams
	 */
	public static Status infrastructureStreams(int limit) {
		return exhausted("Concurrent stream limit of health and reflection exceeded (%d)".formatted(limit));
	}

	/**
	 * Returns the status of a call whose message to an infrastructure service is too
	 * large.
	 * @param bytes the maximum size of such a message
	 */
	public static Status infrastructureMessageSize(int bytes) {
		return exhausted("Message to an infrastructure service exceeds the maximum size of %d bytes".formatted(bytes));
	}

	/**
	 * Returns the status of a call whose executor does not accept its callbacks.
	 * @param executor the executor
	 * @param ex the exception that it has thrown
	 */
	public static Status ofExecutor(Executor executor, Throwable ex) {
		if (!(ex instanceof RejectedExecutionException)) {
			return EXECUTOR_FAILED.withCause(ex);
		}
		return isClosed(executor) ? EXECUTOR_CLOSED : EXECUTOR_FULL;
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

	private static Status exhausted(String description) {
		return Status.RESOURCE_EXHAUSTED.withDescription(description);
	}

}
