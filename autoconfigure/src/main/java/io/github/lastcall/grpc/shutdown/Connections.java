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

package io.github.lastcall.grpc.shutdown;

import java.util.concurrent.atomic.AtomicInteger;

import io.grpc.Attributes;
import io.grpc.ServerTransportFilter;

/**
 * Counts the connections of one server.
 */
public final class Connections extends ServerTransportFilter {

	private final AtomicInteger count = new AtomicInteger();

	@Override
	public Attributes transportReady(Attributes attributes) {
		this.count.incrementAndGet();
		return attributes;
	}

	@Override
	public void transportTerminated(Attributes attributes) {
		// A connection that ends before its handshake was never counted.
		if (attributes != null) {
			this.count.decrementAndGet();
		}
	}

	/**
	 * How many connections are open.
	 * @return the number of connections
	 */
	public int count() {
		return this.count.get();
	}

}
