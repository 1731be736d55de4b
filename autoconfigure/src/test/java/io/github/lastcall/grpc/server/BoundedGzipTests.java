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

package io.github.lastcall.grpc.server;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class BoundedGzipTests {

	private static final byte[] MESSAGE = "decompressed ".repeat(1000).getBytes();

	private final BoundedGzip codec = new BoundedGzip(2);

	@Test
	void twoOfThreeThreadsDecompressAtATime() throws Exception {
		byte[] compressed = compressed();
		AtomicInteger inflating = new AtomicInteger();
		CountDownLatch goOn = new CountDownLatch(1);
		List<Thread> threads = new ArrayList<>();
		List<FutureTask<byte[]>> messages = new ArrayList<>();
		for (int i = 0; i < 3; i++) {
			InputStream message = this.codec
				.decompress(new Watched(new ByteArrayInputStream(compressed), inflating, goOn));
			messages.add(new FutureTask<>(message::readAllBytes));
			threads.add(new Thread(messages.get(i), "test-inflating-" + i));
		}
		threads.forEach(Thread::start);
		await().until(() -> threads.stream().allMatch((thread) -> thread.getState() == Thread.State.WAITING));
		assertThat(inflating).hasValue(2);
		goOn.countDown();
		for (FutureTask<byte[]> message : messages) {
			assertThat(message.get()).isEqualTo(MESSAGE);
		}
	}

	@Test
	void aStreamThatIsNotReadToItsEndHoldsUpNobody() throws Exception {
		for (int i = 0; i < 3; i++) {
			InputStream message = this.codec.decompress(new ByteArrayInputStream(compressed()));
			assertThat(message.read()).isEqualTo(MESSAGE[0]);
			assertThat(message.skip(2)).isEqualTo(2);
			assertThat(message.read(new byte[10])).isEqualTo(10);
		}
	}

	private byte[] compressed() throws IOException {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (OutputStream out = this.codec.compress(bytes)) {
			out.write(MESSAGE);
		}
		return bytes.toByteArray();
	}

	/**
	 * Waits after the header, where something is being inflated.
	 */
	private static final class Watched extends FilterInputStream {

		private final AtomicInteger inflating;

		private final CountDownLatch goOn;

		private boolean begun;

		Watched(InputStream in, AtomicInteger inflating, CountDownLatch goOn) {
			super(in);
			this.inflating = inflating;
			this.goOn = goOn;
		}

		@Override
		public int read(byte[] bytes, int offset, int length) throws IOException {
			if (this.begun) {
				this.inflating.incrementAndGet();
				try {
					this.goOn.await();
				}
				catch (InterruptedException ex) {
					throw new IOException(ex);
				}
			}
			this.begun = true;
			return super.read(bytes, offset, Math.min(length, 64));
		}

	}

}
