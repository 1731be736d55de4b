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

package io.github.lastcall.strangers.greeter;

import java.util.concurrent.CompletableFuture;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;

/**
 * Admits guests, unless they ask for a failure.
 */
public final class Reception {

	public static final Metadata.Key<String> DOOR = Metadata.Key.of("door", Metadata.ASCII_STRING_MARSHALLER);

	private Reception() {
	}

	public static Guest admit(Guest guest) {
		switch (guest.getFailure()) {
			case FAILURE_STATUS -> throw notOnTheList(guest);
			case FAILURE_MAPPED -> throw new GuestUnknownException(guest);
			case FAILURE_UNMAPPED -> throw new IllegalStateException("a secret of " + guest.getName());
			default -> {
				return guest;
			}
		}
	}

	public static CompletableFuture<Guest> admitLater(Guest guest) {
		return CompletableFuture.supplyAsync(() -> {
			throw notOnTheList(guest);
		});
	}

	private static StatusRuntimeException notOnTheList(Guest guest) {
		Metadata trailers = new Metadata();
		trailers.put(DOOR, "back");
		return Status.PERMISSION_DENIED.withDescription(guest.getName() + " is not on the list")
			.asRuntimeException(trailers);
	}

}
