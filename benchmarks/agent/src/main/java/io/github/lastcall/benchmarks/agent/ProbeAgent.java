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

package io.github.lastcall.benchmarks.agent;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * Answers questions about its process on a loopback port: a line with a question, a line
 * with the answer.
 */
public final class ProbeAgent {

	private ProbeAgent() {
	}

	/**
	 * Start before the server.
	 * @param port the port to listen on
	 */
	public static void premain(String port) throws IOException {
		ServerSocket listener = new ServerSocket(Integer.parseInt(port), 1, InetAddress.getLoopbackAddress());
		ProcessProbe probe = new ProcessProbe();
		Thread thread = new Thread(() -> answer(listener, probe), "benchmark-probe");
		thread.setDaemon(true);
		thread.start();
	}

	private static void answer(ServerSocket listener, ProcessProbe probe) {
		while (true) {
			try (Socket socket = listener.accept();
					BufferedReader questions = new BufferedReader(
							new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
					PrintWriter answers = new PrintWriter(socket.getOutputStream(), true, StandardCharsets.US_ASCII)) {
				for (String question = questions.readLine(); question != null; question = questions.readLine()) {
					answers.println(probe.answer(question));
				}
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}
	}

}
