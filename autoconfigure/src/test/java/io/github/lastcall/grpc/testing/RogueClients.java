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
package io.github.lastcall.grpc.testing;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

import org.springframework.context.ApplicationContext;

/**
 * The rogue clients of a test, which are closed after it.
 */
public final class RogueClients implements AfterEachCallback, Iterable<RogueClient> {

	private final List<RogueClient> clients = new ArrayList<>();

	/**
	 * Connects to the server in a context, and says nothing yet.
	 */
	public RogueClient connect(ApplicationContext context) throws IOException {
		return add(RogueClient.connect(GrpcClient.port(context)));
	}

	/**
	 * Connects to the server in a context, and waits until that has acknowledged the
	 * settings.
	 */
	public RogueClient settled(ApplicationContext context) throws IOException {
		return connect(context).preface().settle();
	}

	public RogueClient add(RogueClient client) {
		this.clients.add(client);
		return client;
	}

	@Override
	public Iterator<RogueClient> iterator() {
		return this.clients.iterator();
	}

	public void close() {
		this.clients.forEach(RogueClient::close);
	}

	@Override
	public void afterEach(ExtensionContext context) {
		close();
	}

}
