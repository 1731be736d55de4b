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
package io.github.lastcall.grpc.observation;

import io.grpc.ServerCall;
import io.micrometer.observation.Observation;

/**
 * The callbacks of a call on their way to its handler: the observation is the current one
 * in each of them.
 *
 * @param <Q> the type of the requests
 */
final class ObservedListener<Q> extends ServerCall.Listener<Q> {

	private final ObservedCall call;

	private final boolean holds;

	private final ServerCall.Listener<Q> delegate;

	/**
	 * Create a new listener.
	 * @param call the call
	 * @param holds whether the observation waits for the last callback
	 * @param delegate the handler's
	 */
	ObservedListener(ObservedCall call, boolean holds, ServerCall.Listener<Q> delegate) {
		this.call = call;
		this.holds = holds;
		this.delegate = delegate;
	}

	@Override
	public void onMessage(Q message) {
		Observation.Scope scope = this.call.openScope();
		try {
			this.delegate.onMessage(message);
		}
		finally {
			this.call.closeScope(scope);
		}
	}

	@Override
	public void onHalfClose() {
		Observation.Scope scope = this.call.openScope();
		try {
			this.delegate.onHalfClose();
		}
		finally {
			this.call.closeScope(scope);
		}
	}

	@Override
	public void onReady() {
		Observation.Scope scope = this.call.openScope();
		try {
			this.delegate.onReady();
		}
		finally {
			this.call.closeScope(scope);
		}
	}

	@Override
	public void onCancel() {
		this.call.context().setCancelled(true);
		Observation.Scope scope = this.call.openScope();
		try {
			this.delegate.onCancel();
		}
		finally {
			this.call.closeScope(scope);
			done();
		}
	}

	@Override
	public void onComplete() {
		Observation.Scope scope = this.call.openScope();
		try {
			this.delegate.onComplete();
		}
		finally {
			this.call.closeScope(scope);
			done();
		}
	}

	private void done() {
		if (this.holds) {
			this.call.leave();
		}
	}

}
