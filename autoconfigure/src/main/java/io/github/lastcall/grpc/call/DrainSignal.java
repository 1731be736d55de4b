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
 * Tells the handler of a call that its server drains, so that it can end a long stream in
 * its own words:
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
	 * The signal of the call that the current thread serves. It travels with
	 * {@link io.grpc.Context}: in another thread it is there if the context is.
	 * @return the signal
	 * @throws IllegalStateException if the thread serves no call of an application's
	 * service
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
	 * Whether the server drains: it takes no new calls, and those in flight should end.
	 * @return whether the server drains
	 */
	public boolean isDraining() {
		return this.call.method().run().isDraining();
	}

	/**
	 * Do something when the server drains, at once if it does already. The action runs
	 * once, on the executor of the call, and never beside one of the callbacks of the
	 * call, so that it may use its {@code StreamObserver} as they do. It does not run
	 * when the call has ended. An action that throws ends the call with UNKNOWN.
	 * @param action what to do
	 */
	public void onDrain(Runnable action) {
		Assert.notNull(action, "'action' must not be null");
		this.call.onDrain(action);
	}

}
