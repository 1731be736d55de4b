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

import io.github.lastcall.grpc.executor.ThreadStates;
import io.github.lastcall.grpc.limits.OutboundBuffers;

/**
 * What keeps the calls of a server from harming others.
 *
 * @param threadStates keep what a call leaves on a thread from the next one
 * @param abandoned finds handlers that run on although their calls were cancelled
 * @param lost ends calls whose last callback does not come
 * @param outbound bound what calls have sent and their clients have not taken
 */
public record CallGuards(ThreadStates threadStates, AbandonedHandlers abandoned, LostCallbacks lost,
		OutboundBuffers outbound) {

	/**
	 * None of them.
	 */
	public static final CallGuards NONE = new CallGuards(ThreadStates.NONE, AbandonedHandlers.IGNORED,
			LostCallbacks.IGNORED, OutboundBuffers.unlimited());

}
