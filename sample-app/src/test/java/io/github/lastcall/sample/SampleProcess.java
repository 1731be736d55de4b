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

package io.github.lastcall.sample;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.stream.Stream;

import io.github.lastcall.sample.process.ApplicationProcess;

/**
 * The packaged sample as a process of its own, on free ports.
 */
final class SampleProcess extends ApplicationProcess {

	private static final Executor STARTERS = (task) -> new Thread(task, "sample-start").start();

	SampleProcess(List<String> arguments) throws IOException {
		super(arguments);
	}

	/**
	 * Start the sample and wait until it serves.
	 * @param arguments arguments such as {@code --grpc.server.port=1234}
	 * @return the running sample
	 */
	static SampleProcess start(String... arguments) throws IOException {
		SampleProcess sample = launch(arguments);
		sample.awaitServing();
		return sample;
	}

	/**
	 * Start the sample and wait for nothing.
	 * @param arguments arguments such as {@code --grpc.server.port=1234}
	 * @return the sample, which has just been started
	 */
	static SampleProcess launch(String... arguments) throws IOException {
		List<String> all = new ArrayList<>(PackagedSample.arguments());
		all.add("--server.port=0");
		all.addAll(List.of(arguments));
		if (Stream.of(arguments).noneMatch((argument) -> argument.startsWith("--grpc.server.port="))) {
			all.add("--grpc.server.port=0");
		}
		return new SampleProcess(all);
	}

	/**
	 * Start several at the same time and wait until all of them serve.
	 * @param replicas the arguments of each
	 * @return the running samples, in order
	 */
	static List<SampleProcess> startAll(List<List<String>> replicas) {
		List<CompletableFuture<SampleProcess>> starting = replicas.stream()
			.map((arguments) -> CompletableFuture.supplyAsync(() -> startUnchecked(arguments), STARTERS))
			.toList();
		try {
			return starting.stream().map(CompletableFuture::join).toList();
		}
		catch (CompletionException ex) {
			starting
				.forEach((replica) -> replica.thenAccept(SampleProcess::close).exceptionally((failure) -> null).join());
			throw ex;
		}
	}

	private static SampleProcess startUnchecked(List<String> arguments) {
		try {
			return start(arguments.toArray(String[]::new));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
