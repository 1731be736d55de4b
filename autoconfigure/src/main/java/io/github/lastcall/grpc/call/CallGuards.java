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

import java.time.Duration;

import io.github.lastcall.grpc.executor.ThreadStates;
import io.github.lastcall.grpc.limits.OutboundBuffers;
import io.github.lastcall.grpc.limits.RetryPushback;
import org.jspecify.annotations.Nullable;

/**
 * Guards that keep the calls of a server from harming other calls.
 *
 * @param threadStates clears what a call leaves on a thread
 * @param abandoned finds handlers that still run after their calls have been cancelled
 * @param lost ends calls whose last callback is lost
 * @param outbound limits what calls have sent and clients have not read
 * @param queueDelay the maximum time for which calls may wait for a thread, 0 for any
 * time
 * @param retryPushback tells clients when to retry a refused call
 * @param failures decides what the clients of failed calls receive, {@code null} to tell
 * them nothing but that there was a failure
 * @hidden
 */
public record CallGuards(ThreadStates threadStates, AbandonedHandlers abandoned, LostCallbacks lost,
		OutboundBuffers outbound, Duration queueDelay, RetryPushback retryPushback,
		CallHooks.@Nullable Failures failures) {

	/**
	 * Guards that do nothing.
	 */
	public static final CallGuards NONE = new CallGuards(ThreadStates.NONE, AbandonedHandlers.IGNORED,
			LostCallbacks.IGNORED, OutboundBuffers.unlimited(), Duration.ZERO, new RetryPushback(Duration.ZERO), null);

}
