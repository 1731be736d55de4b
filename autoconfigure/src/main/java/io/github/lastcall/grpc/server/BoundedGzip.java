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

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.Semaphore;

import io.grpc.Codec;

import org.springframework.util.Assert;

/**
 * Gzip codec that decompresses on a limited number of threads at a time. Before Java 22,
 * a thread that inflates prevents garbage collection
 * (<a href="https://openjdk.org/jeps/423">JEP 423</a>). When many do so at once,
 * allocations fail with an {@link OutOfMemoryError} although there is garbage to collect.
 * More threads than processors would not inflate any faster.
 */
final class BoundedGzip implements Codec {

	private final Codec gzip = new Codec.Gzip();

	/**
	 * Held while bytes are inflated and never while the reader of the stream runs.
	 */
	private final Semaphore permits;

	/**
	 * Creates a new codec.
	 * @param threads maximum number of threads that decompress at a time
	 */
	BoundedGzip(int threads) {
		Assert.isTrue(threads > 0, "'threads' must be positive");
		this.permits = new Semaphore(threads);
	}

	@Override
	public String getMessageEncoding() {
		return this.gzip.getMessageEncoding();
	}

	@Override
	public OutputStream compress(OutputStream out) throws IOException {
		return this.gzip.compress(out);
	}

	@Override
	public InputStream decompress(InputStream in) throws IOException {
		return new BoundedInputStream(this.gzip.decompress(in));
	}

	private final class BoundedInputStream extends InputStream {

		private final InputStream inflated;

		BoundedInputStream(InputStream inflated) {
			this.inflated = inflated;
		}

		@Override
		public int read() throws IOException {
			byte[] one = new byte[1];
			return (read(one, 0, 1) < 0) ? -1 : one[0] & 0xFF;
		}

		@Override
		public int read(byte[] bytes, int offset, int length) throws IOException {
			BoundedGzip.this.permits.acquireUninterruptibly();
			try {
				return this.inflated.read(bytes, offset, length);
			}
			finally {
				BoundedGzip.this.permits.release();
			}
		}

		@Override
		public int available() throws IOException {
			return this.inflated.available();
		}

		@Override
		public void close() throws IOException {
			this.inflated.close();
		}

	}

}
