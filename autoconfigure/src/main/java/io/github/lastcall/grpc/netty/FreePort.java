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

package io.github.lastcall.grpc.netty;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/**
 * A port that is free on several addresses at once, which a system does not look for.
 * Another process may take it before the server does: for tests and laptops, as port 0
 * is.
 */
final class FreePort {

	private static final int ATTEMPTS = 10;

	private FreePort() {
	}

	/**
	 * Look for a port.
	 * @param addresses the addresses
	 * @return a free port, or 0 if there is none; binding to the addresses tells why
	 */
	static int on(List<InetAddress> addresses) {
		for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
			int port = attempt(addresses);
			if (port > 0) {
				return port;
			}
		}
		return 0;
	}

	private static int attempt(List<InetAddress> addresses) {
		List<ServerSocket> sockets = new ArrayList<>();
		int port = 0;
		try {
			for (InetAddress address : addresses) {
				ServerSocket socket = new ServerSocket(port, 1, address);
				sockets.add(socket);
				port = socket.getLocalPort();
			}
			return port;
		}
		catch (IOException ex) {
			return 0;
		}
		finally {
			sockets.forEach(FreePort::close);
		}
	}

	private static void close(ServerSocket socket) {
		try {
			socket.close();
		}
		catch (IOException ex) {
			// It never listened to anybody.
		}
	}

}
