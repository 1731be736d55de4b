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

package io.github.lastcall.grpc.lifecycle;

import java.time.Instant;

import org.jspecify.annotations.Nullable;

/**
 * State of a server at one moment.
 *
 * @param since when the state began
 * @param server the server, from when it is bound until it has stopped, or afterwards if
 * it terminated unexpectedly
 * @param failed whether the server is stopped because it could not start or terminated
 * unexpectedly
 * @hidden
 */
public record GrpcServerStatus(GrpcServerState state, Instant since, @Nullable GrpcServer server, boolean failed) {

}
