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

import io.grpc.ServerStreamTracer;

/**
 * A tracer that does not ask for the call. grpc-java's own method makes a view of it for
 * each call and each tracer, and throws it away.
 */
public abstract class CallTracer extends ServerStreamTracer {

	@Override
	public void serverCallStarted(ServerCallInfo<?, ?> call) {
	}

}
