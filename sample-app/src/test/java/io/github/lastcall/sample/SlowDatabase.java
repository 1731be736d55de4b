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

import java.util.ArrayList;
import java.util.List;

import static org.awaitility.Awaitility.await;

/**
 * Lets the sample have a database that takes its time: its features are a view whose rows
 * sleep.
 */
final class SlowDatabase {

	private SlowDatabase() {
	}

	/**
	 * Arguments for a sample whose GetFeature takes ten seconds.
	 * @param more more arguments
	 * @return all arguments
	 */
	static String[] arguments(String... more) {
		List<String> arguments = new ArrayList<>(
				List.of("--spring.sql.init.schema-locations=file:src/test/resources/slow-schema.sql",
						"--spring.sql.init.data-locations="));
		arguments.addAll(List.of(more));
		return arguments.toArray(String[]::new);
	}

	/**
	 * Wait until a call has reached the database.
	 * @param sample the sample
	 */
	static void awaitCall(SampleProcess sample) {
		await()
			.until(() -> sample.http("/actuator/metrics/hikaricp.connections.active").body().contains("\"value\":1"));
	}

}
