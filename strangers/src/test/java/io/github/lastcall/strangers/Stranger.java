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

package io.github.lastcall.strangers;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.sample.process.ApplicationProcess;
import io.github.lastcall.strangers.greeter.GreeterGrpc;
import io.github.lastcall.strangers.greeter.Guest;
import io.grpc.Channel;

/**
 * An application of this folder as a process of its own. All of them serve the greeter.
 */
final class Stranger extends ApplicationProcess {

	private Stranger(List<String> arguments, Map<String, String> variables) throws IOException {
		super(arguments, variables);
	}

	/**
	 * Starts a packaged application and waits until it serves.
	 * @param name the name of its folder
	 * @param arguments arguments such as {@code --grpc.server.port=1234}
	 * @return the running application
	 */
	static Stranger start(String name, String... arguments) throws IOException {
		return start(List.of("-jar", jar(name).toString()), arguments);
	}

	/**
	 * Starts an application in another way and waits until it serves.
	 * @param java what comes before the arguments of the application
	 * @param arguments arguments such as {@code --grpc.server.port=1234}
	 * @return the running application
	 */
	static Stranger start(List<String> java, String... arguments) throws IOException {
		Stranger stranger = launch(java, arguments);
		stranger.awaitServing();
		return stranger;
	}

	/**
	 * Starts an application and waits for nothing.
	 * @param java what comes before the arguments of the application
	 * @param arguments arguments such as {@code --grpc.server.port=1234}
	 * @return the application, which has just been started
	 */
	static Stranger launch(List<String> java, String... arguments) throws IOException {
		return launch(Map.of(), java, arguments);
	}

	/**
	 * Starts an application in an environment and waits for nothing.
	 * @param variables environment variables
	 * @param java what comes before the arguments of the application
	 * @param arguments arguments such as {@code --grpc.server.port=1234}
	 * @return the application, which has just been started
	 */
	static Stranger launch(Map<String, String> variables, List<String> java, String... arguments) throws IOException {
		List<String> all = new ArrayList<>(java);
		all.addAll(List.of(arguments));
		return new Stranger(all, variables);
	}

	static Path jar(String name) {
		return Path.of(name, "target", "application.jar");
	}

	/**
	 * Greets over a channel.
	 * @param channel the channel
	 * @param name the name of the guest
	 * @return the text of the greeting
	 */
	static String greet(Channel channel, String name) {
		return blocking(channel).greet(guest(name)).getText();
	}

	static GreeterGrpc.GreeterBlockingStub blocking(Channel channel) {
		return GreeterGrpc.newBlockingStub(channel).withDeadlineAfter(1, TimeUnit.MINUTES);
	}

	static Guest guest(String name) {
		return Guest.newBuilder().setName(name).build();
	}

}
