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

package io.github.lastcall.grpc.test;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Balances connections over the announced addresses in turn, and knows nothing of what
 * they carry. A connection to an address that does not accept it is closed.
 */
final class ConnectionBalancer implements AutoCloseable {

	private static final int BACKLOG = 256;

	private final AnnouncedAddresses addresses;

	private final ServerSocket listener;

	private final ExecutorService threads = Executors.newCachedThreadPool((task) -> {
		Thread thread = new Thread(task, "rolling-restart-balancer");
		thread.setDaemon(true);
		return thread;
	});

	private final AtomicInteger next = new AtomicInteger();

	private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

	ConnectionBalancer(AnnouncedAddresses addresses) {
		this.addresses = addresses;
		try {
			this.listener = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.threads.execute(this::acceptUntilClosed);
	}

	int port() {
		return this.listener.getLocalPort();
	}

	private void acceptUntilClosed() {
		while (!this.listener.isClosed()) {
			try {
				Socket client = this.listener.accept();
				this.sockets.add(client);
				this.threads.execute(() -> connect(client));
			}
			catch (IOException ex) {
				// Closed.
			}
		}
	}

	private void connect(Socket client) {
		List<Integer> ports = this.addresses.ports();
		int port = ports.get(Math.floorMod(this.next.getAndIncrement(), ports.size()));
		try (client; Socket server = new Socket(InetAddress.getLoopbackAddress(), port)) {
			this.sockets.add(server);
			client.setTcpNoDelay(true);
			server.setTcpNoDelay(true);
			Thread answers = new Thread(() -> copy(server, client), "rolling-restart-balancer");
			answers.setDaemon(true);
			answers.start();
			copy(client, server);
			answers.join();
			this.sockets.remove(server);
		}
		catch (IOException ex) {
			// The client sees that its connection is closed.
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		finally {
			this.sockets.remove(client);
		}
	}

	/**
	 * Copies until the end, and passes the end on.
	 */
	private static void copy(Socket from, Socket to) {
		try {
			InputStream in = from.getInputStream();
			OutputStream out = to.getOutputStream();
			in.transferTo(out);
			to.shutdownOutput();
		}
		catch (IOException ex) {
			close(from);
			close(to);
		}
	}

	private static void close(Socket socket) {
		try {
			socket.close();
		}
		catch (IOException ex) {
			// Nothing is left to do.
		}
	}

	@Override
	public void close() {
		try {
			this.listener.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		finally {
			this.sockets.forEach(ConnectionBalancer::close);
			this.threads.shutdownNow();
		}
	}

}
