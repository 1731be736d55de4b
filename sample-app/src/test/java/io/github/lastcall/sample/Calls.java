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
import java.util.List;

/**
 * Clients that call all the time.
 */
interface Calls extends AutoCloseable {

	/**
	 * Wait until every client has begun and ended that many calls from now on.
	 * @param more the number of calls of each client
	 */
	void awaitCalls(int more);

	/**
	 * How many calls have ended so far.
	 * @return the number, failed ones included
	 */
	long calls();

	/**
	 * The calls that have failed so far.
	 * @return the status of each
	 */
	List<String> failures();

	@Override
	void close() throws IOException, InterruptedException;

	/**
	 * How clients are started.
	 */
	interface Starter {

		/**
		 * Start clients.
		 * @param port the port of the balancer
		 * @return the running clients
		 */
		Calls start(int port) throws IOException;

	}

}
