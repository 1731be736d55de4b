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
 * A call that was closed because the server was shutting down.
 *
 * @param method the full name of its method
 * @param startNanos when it began, on the clock of the server's timer
 * @param peer the client, if the transport knows it
 * @param progress text to append to what is said of the call: how many messages it has
 * exchanged, empty for a call that has but one each way
 */
public record ForcedCall(String method, long startNanos, @Nullable SocketAddress peer, String progress) {

}
