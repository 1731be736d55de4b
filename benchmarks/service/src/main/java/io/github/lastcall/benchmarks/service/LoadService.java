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

package io.github.lastcall.benchmarks.service;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/**
 * The service under load. It occupies no thread while it waits, and its timer belongs to
 * no container: what is measured is the server, not a pool that was closed too early.
 */
public class LoadService implements BindableService {

	private static final long PERIOD_MILLIS = 100;

	private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, (task) -> {
		Thread thread = new Thread(task, "load-timer");
		thread.setDaemon(true);
		return thread;
	});

	private final DrainNotice drain;

	/**
	 * Create a service on a server that tells its handlers nothing.
	 */
	public LoadService() {
		this(DrainNotice.NONE);
	}

	/**
	 * Create a service whose streams end when the server drains.
	 * @param drain tells when
	 */
	public LoadService(DrainNotice drain) {
		this.drain = drain;
		this.timer.setRemoveOnCancelPolicy(true);
	}

	@Override
	public ServerServiceDefinition bindService() {
		return ServerServiceDefinition.builder(LoadMethods.SERVICE)
			.addMethod(LoadMethods.UNARY, ServerCalls.asyncUnaryCall(this::unary))
			.addMethod(LoadMethods.SERVER_STREAM, ServerCalls.asyncServerStreamingCall(this::serverStream))
			.addMethod(LoadMethods.BIDI_STREAM, ServerCalls.asyncBidiStreamingCall(this::bidiStream))
			.build();
	}

	private void unary(byte[] request, StreamObserver<byte[]> responses) {
		ServerCallStreamObserver<byte[]> observer = (ServerCallStreamObserver<byte[]>) responses;
		observer.setOnCancelHandler(() -> {
		});
		this.timer.schedule(() -> {
			observer.onNext(request);
			observer.onCompleted();
		}, LoadMethods.number(request), TimeUnit.MILLISECONDS);
	}

	private void serverStream(byte[] request, StreamObserver<byte[]> responses) {
		Stream stream = new Stream((ServerCallStreamObserver<byte[]>) responses);
		long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LoadMethods.number(request));
		stream.ticks = this.timer.scheduleAtFixedRate(() -> {
			if (System.nanoTime() >= end) {
				stream.complete();
			}
			else {
				stream.send(request);
			}
		}, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
		this.drain.onDrain(stream::complete);
	}

	private StreamObserver<byte[]> bidiStream(StreamObserver<byte[]> responses) {
		Stream stream = new Stream((ServerCallStreamObserver<byte[]>) responses);
		this.drain.onDrain(stream::complete);
		return new StreamObserver<>() {

			@Override
			public void onNext(byte[] message) {
				stream.send(message);
			}

			@Override
			public void onError(Throwable failure) {
				stream.stop();
			}

			@Override
			public void onCompleted() {
				stream.complete();
			}

		};
	}

	/**
	 * The sending side of a stream that several threads may end.
	 */
	private static final class Stream {

		private final ServerCallStreamObserver<byte[]> observer;

		private volatile @Nullable ScheduledFuture<?> ticks;

		private boolean over;

		Stream(ServerCallStreamObserver<byte[]> observer) {
			this.observer = observer;
			observer.setOnCancelHandler(this::stop);
		}

		synchronized void send(byte[] message) {
			if (!this.over) {
				this.observer.onNext(message);
			}
		}

		synchronized void complete() {
			if (!this.over) {
				stop();
				this.observer.onCompleted();
			}
		}

		synchronized void stop() {
			this.over = true;
			ScheduledFuture<?> ticks = this.ticks;
			if (ticks != null) {
				ticks.cancel(false);
			}
		}

	}

}
