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

import java.net.SocketAddress;

import org.jspecify.annotations.Nullable;

/**
 * Call that has been closed because it was still in flight when the grace period of the
 * drain was over.
 *
 * @param method the full name of its method
 * @param startNanos when it started, on the clock of the server's timer
 * @param peer the client, {@code null} if the transport does not know it
 * @param progress text about the number of messages, empty for a unary call
 * @hidden
 */
public record ForcedCall(String method, long startNanos, @Nullable SocketAddress peer, String progress) {

}
