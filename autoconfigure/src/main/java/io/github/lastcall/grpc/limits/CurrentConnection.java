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

package io.github.lastcall.grpc.limits;

import org.jspecify.annotations.Nullable;

/**
 * The connection that the current event loop is reading from, for the calls that start
 * meanwhile.
 */
public final class CurrentConnection {

	private static final ThreadLocal<CurrentConnection> OF_THREAD = ThreadLocal.withInitial(CurrentConnection::new);

	private @Nullable OutboundConnection connection;

	private CurrentConnection() {
	}

	/**
	 * Returns the holder of the current thread.
	 * @return always the same object on one thread
	 */
	public static CurrentConnection ofThread() {
		return OF_THREAD.get();
	}

	/**
	 * Sets the connection that the thread reads from.
	 * @param connection the connection, {@code null} when the thread has finished reading
	 */
	public void set(@Nullable OutboundConnection connection) {
		this.connection = connection;
	}

	/**
	 * Returns the connection that the thread reads from.
	 * @return the connection, {@code null} if there is none
	 */
	public @Nullable OutboundConnection get() {
		return this.connection;
	}

}
