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

package io.github.lastcall.grpc.test;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.BlockingClientCall;
import org.jspecify.annotations.Nullable;

/**
 * How a call ended.
 *
 * @param responses what was received
 * @param failure the failure, null if the call succeeded
 */
record CallOutcome(List<Object> responses, @Nullable Throwable failure) {

	static CallOutcome of(Callable<?> call) {
		List<Object> responses = new ArrayList<>();
		try {
			read(call.call(), responses);
			return new CallOutcome(responses, null);
		}
		catch (StatusRuntimeException | StatusException ex) {
			return new CallOutcome(responses, ex);
		}
		catch (ExecutionException ex) {
			return new CallOutcome(responses, (ex.getCause() != null) ? ex.getCause() : ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return new CallOutcome(responses, ex);
		}
		catch (Exception ex) {
			return new CallOutcome(responses, ex);
		}
	}

	private static void read(@Nullable Object result, List<Object> responses) throws Exception {
		if (result instanceof Iterator<?> stream) {
			stream.forEachRemaining(responses::add);
		}
		else if (result instanceof Future<?> future) {
			read(future.get(), responses);
		}
		else if (result instanceof BlockingClientCall<?, ?> stream) {
			for (Object response = stream.read(); response != null; response = stream.read()) {
				responses.add(response);
			}
		}
		else if (result instanceof StreamRecorder<?> recorder) {
			recorder.awaitEnd();
			responses.addAll(recorder.getValues());
			if (recorder.failure() instanceof Exception ex) {
				throw ex;
			}
		}
		else if (result != null) {
			responses.add(result);
		}
	}

	@Override
	public String toString() {
		return (this.responses.isEmpty() ? "nothing"
				: String.join(", ", this.responses.stream().map((one) -> "<" + one.toString().strip() + ">").toList()));
	}

}
