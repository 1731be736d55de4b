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

package io.github.lastcall.grpc.executor;

/**
 * A thread of a {@link ServerThreadPool}.
 */
final class ServerThread extends Thread {

	private final WaitingCalls waiting;

	/**
	 * Whether it is the one that comes for the calls that wait. Its own, but for those
	 * who let it come while it is idle, under the lock of those.
	 */
	private boolean coming;

	ServerThread(WaitingCalls waiting, Runnable worker, String name, boolean coming) {
		super(worker, name);
		setDaemon(true);
		this.waiting = waiting;
		this.coming = coming;
	}

	@Override
	public void run() {
		try {
			super.run();
		}
		finally {
			this.waiting.left(this);
		}
	}

	boolean isComing() {
		return this.coming;
	}

	void setComing(boolean coming) {
		this.coming = coming;
	}

}
