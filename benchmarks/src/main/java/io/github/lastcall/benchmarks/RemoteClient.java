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

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.benchmarks.Connection.CallEnd;
import io.grpc.Status;

/**
 * A client in a process of its own, which takes commands on its standard input and tells
 * the end of every call on its standard output: a JSON object per line.
 */
final class RemoteClient implements AutoCloseable {

	private static final Status EXITED = Status.INTERNAL.withDescription("The process of the client has exited");

	private final ManagedProcess process;

	private final Writer input;

	/**
	 * The thread that makes the calls of all lanes must not wait for one slow client.
	 * After the end a command goes nowhere.
	 */
	private final ExecutorService commands = new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS,
			new LinkedBlockingQueue<>(), (task) -> thread("commands", task), new ThreadPoolExecutor.DiscardPolicy());

	private final Map<Integer, CallEnd> open = new ConcurrentHashMap<>();

	private final AtomicInteger calls = new AtomicInteger();

	private volatile boolean exited;

	RemoteClient(ManagedProcess process) {
		this.process = process;
		this.input = process.input();
		thread("calls ended", this::readToTheEnd).start();
	}

	/**
	 * Give a command that makes a call.
	 * @param command the command, without the number of the call
	 * @param end called when the call has ended
	 */
	void call(Map<String, Object> command, CallEnd end) {
		int call = this.calls.incrementAndGet();
		this.open.put(call, end);
		if (this.exited) {
			ended(call, EXITED);
			return;
		}
		Map<String, Object> numbered = new HashMap<>(command);
		numbered.put("call", call);
		tell(numbered);
	}

	/**
	 * Give a command.
	 * @param command the command
	 */
	void tell(Map<String, Object> command) {
		this.commands.execute(() -> {
			try {
				this.input.write(Json.line(command));
				this.input.flush();
			}
			catch (IOException ex) {
				// It has exited. Its output ends, too, and that ends the calls.
			}
		});
	}

	private void readToTheEnd() {
		try (BufferedReader output = this.process.output()) {
			for (String line = output.readLine(); line != null; line = output.readLine()) {
				Ended ended = Json.read(line, Ended.class);
				ended(ended.call(),
						Status.fromCode(Status.Code.valueOf(ended.code())).withDescription(ended.details()));
			}
		}
		catch (IOException ex) {
			// It has been killed.
		}
		finally {
			this.exited = true;
			List.copyOf(this.open.keySet()).forEach((call) -> ended(call, EXITED));
		}
	}

	private void ended(int call, Status status) {
		CallEnd end = this.open.remove(call);
		if (end != null) {
			end.ended(status);
		}
	}

	@Override
	public void close() {
		this.commands.shutdownNow();
		this.process.close();
	}

	private static Thread thread(String name, Runnable task) {
		Thread thread = new Thread(task, "remote client: " + name);
		thread.setDaemon(true);
		return thread;
	}

	/**
	 * A call that has ended.
	 *
	 * @param call its number
	 * @param code the name of its status code
	 * @param details what the client was told
	 */
	record Ended(int call, String code, String details) {

	}

}
