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

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

import io.grpc.ServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.util.concurrent.EventExecutor;
import io.grpc.netty.shaded.io.netty.util.internal.ThreadExecutorMap;
import org.jspecify.annotations.Nullable;

import org.springframework.util.ClassUtils;

/**
 * Event loops of Netty's transport. All callbacks of a connection run on one of them if
 * no other executor is set, so nothing that runs there is concurrent with them.
 *
 * @hidden
 */
public final class NettyEventLoop {

	private static final boolean PRESENT = ClassUtils.isPresent("io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder",
			NettyEventLoop.class.getClassLoader());

	private NettyEventLoop() {
	}

	/**
	 * Returns whether the connections of a server have event loops.
	 * @param builder the builder of the server
	 * @return whether it is a builder of Netty
	 */
	public static boolean serves(ServerBuilder<?> builder) {
		return PRESENT && Netty.isBuilder(builder);
	}

	/**
	 * Returns the event loop of the current thread.
	 * @return the event loop, {@code null} if the thread is not an event loop
	 */
	public static @Nullable Executor current() {
		return PRESENT ? Netty.current() : null;
	}

	/**
	 * Runs a task on an event loop after everything that has been submitted to it, and
	 * after it has then read what had arrived at its connections. Called on this thread
	 * if the event loop has been shut down.
	 * @param eventLoop the event loop
	 * @param task the task
	 */
	public static void executeAfterRead(Executor eventLoop, Runnable task) {
		try {
			eventLoop.execute(() -> Netty.schedule(eventLoop, task));
		}
		catch (RejectedExecutionException ex) {
			task.run();
		}
	}

	/**
	 * Loaded only if Netty is on the classpath.
	 */
	private static final class Netty {

		static boolean isBuilder(ServerBuilder<?> builder) {
			return builder instanceof NettyServerBuilder;
		}

		static @Nullable Executor current() {
			return ThreadExecutorMap.currentExecutor();
		}

		/**
		 * An event loop runs tasks, then reads from its connections, then runs scheduled
		 * tasks that have become due.
		 */
		static void schedule(Executor eventLoop, Runnable task) {
			((EventExecutor) eventLoop).schedule(task, 1, TimeUnit.MILLISECONDS);
		}

	}

}
