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

package io.github.lastcall.benchmarks;

import java.io.IOException;

/**
 * What is true of a server in every round.
 *
 * @param name the server
 * @param java the version of the JDK
 * @param grpc the version of grpc-java
 * @param liveHeapBytes the heap in use when all load is over and the garbage is collected
 */
record ServerFacts(String name, String java, String grpc, long liveHeapBytes) {

	static ServerFacts of(MeasuredServer server) throws IOException {
		Candidate candidate = server.candidate();
		return new ServerFacts(candidate.name(), Jdks.version(candidate.javaHome()), candidate.kind().grpcVersion(),
				server.probe().liveHeap());
	}

}
