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

package io.github.lastcall.sample;

import io.github.lastcall.grpc.call.DrainSignal;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

/**
 * One traveller's chat: each note that arrives is answered with all earlier notes at its
 * location, and kept for those who come later.
 * <p>
 * One note can have many answers, so the next note is asked for only when there is room
 * for more answers. A client that writes and never reads is slowed down, and does not
 * fill the memory.
 * <p>
 * A chat has no end of its own. When the server drains it is completed, and the traveller
 * goes on with another replica.
 */
final class RouteChat implements StreamObserver<RouteNote> {

	private final RouteNotes notes;

	private final ServerCallStreamObserver<RouteNote> responses;

	private boolean answered = true;

	RouteChat(RouteNotes notes, ServerCallStreamObserver<RouteNote> responses) {
		this.notes = notes;
		this.responses = responses;
	}

	/**
	 * Take over from gRPC, which would ask for a note whenever it has delivered one. This
	 * is possible only before the service's method returns.
	 * @return this chat
	 */
	RouteChat start() {
		this.responses.disableAutoRequest();
		this.responses.setOnReadyHandler(this::requestNext);
		DrainSignal.current().onDrain(this.responses::onCompleted);
		return this;
	}

	@Override
	public void onNext(RouteNote note) {
		Location location = Location.of(note.getLocation());
		for (String message : this.notes.leave(location, note.getMessage())) {
			this.responses.onNext(RouteNote.newBuilder().setLocation(location.toPoint()).setMessage(message).build());
		}
		this.answered = true;
		requestNext();
	}

	private void requestNext() {
		if (this.answered && this.responses.isReady()) {
			this.answered = false;
			this.responses.request(1);
		}
	}

	@Override
	public void onError(Throwable cause) {
		// The client gave up: nobody is left to answer, and its notes stay.
	}

	@Override
	public void onCompleted() {
		this.responses.onCompleted();
	}

}
