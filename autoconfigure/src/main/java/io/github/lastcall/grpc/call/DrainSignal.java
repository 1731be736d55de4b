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

import org.springframework.util.Assert;

/**
 * Signal to the handler of a call that its server drains, so that it can end a long
 * stream:
 *
 * <pre class="code">
 * DrainSignal.current().onDrain(() -&gt; responses.onCompleted());
 * </pre>
 *
 * A GOAWAY tells the client's transport, but an open stream goes on; a stream that ends
 * by itself when the server drains is opened again by its client on another replica.
 * Calls that do not listen are served until the grace period is over.
 */
public final class DrainSignal {

	private final InFlightCall call;

	private DrainSignal(InFlightCall call) {
		this.call = call;
	}

	/**
	 * Returns the signal of the current call. It is bound to the {@link io.grpc.Context}
	 * of the call, which must be current when other threads call this method.
	 * @return the signal
	 * @throws IllegalStateException outside of a call to a service of the application
	 */
	public static DrainSignal current() {
		InFlightCall call = InFlightCall.KEY.get();
		if (call == null) {
			throw new IllegalStateException(
					"No current drain signal: call DrainSignal.current() within a gRPC call that this server serves. "
							+ "On a thread of your own, run the task in the call's io.grpc.Context (Context.current().wrap(task)).");
		}
		return new DrainSignal(call);
	}

	/**
	 * Returns whether the server drains: it accepts no new calls, and calls in flight
	 * should end.
	 * @return whether the server drains
	 */
	public boolean isDraining() {
		return this.call.method().run().isDraining();
	}

	/**
	 * Runs an action when the server drains, immediately if it already does. The action
	 * runs once, on the executor of the call and never concurrently with its callbacks,
	 * so it can use the {@code StreamObserver} of the call. It does not run if the call
	 * has ended. If it throws, the call ends with UNKNOWN.
	 * @param action the action
	 */
	public void onDrain(Runnable action) {
		Assert.notNull(action, "'action' must not be null");
		this.call.onDrain(action);
	}

}
