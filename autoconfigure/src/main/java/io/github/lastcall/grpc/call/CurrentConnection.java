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
package io.github.lastcall.grpc.call;

import org.jspecify.annotations.Nullable;

/**
 * The connection that an event loop reads from, for the calls that begin meanwhile.
 */
public final class CurrentConnection {

	private static final ThreadLocal<CurrentConnection> OF_THREAD = ThreadLocal.withInitial(CurrentConnection::new);

	private @Nullable OutboundConnection connection;

	private CurrentConnection() {
	}

	/**
	 * That of the current thread.
	 * @return one object for each thread
	 */
	public static CurrentConnection ofThread() {
		return OF_THREAD.get();
	}

	/**
	 * The thread begins to read from a connection, or has ended.
	 * @param connection the connection, {@code null} for none
	 */
	public void set(@Nullable OutboundConnection connection) {
		this.connection = connection;
	}

	@Nullable OutboundConnection get() {
		return this.connection;
	}

}
