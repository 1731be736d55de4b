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

import java.lang.management.ManagementFactory;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;

import com.sun.management.OperatingSystemMXBean;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCalls;

/**
 * Lets a benchmark in another process look into the server, and turn its health over.
 */
public final class ControlService implements BindableService {

	private static final String SERVICE = "lastcall.benchmarks.Control";

	/**
	 * Collects the garbage and tells the bytes of heap in use.
	 */
	public static final MethodDescriptor<byte[], byte[]> HEAP = method("Heap");

	/**
	 * Tells the bytes that Netty has outside of the heap.
	 */
	public static final MethodDescriptor<byte[], byte[]> DIRECT = method("Direct");

	/**
	 * Tells the nanoseconds of CPU that the process has used.
	 */
	public static final MethodDescriptor<byte[], byte[]> CPU = method("Cpu");

	/**
	 * Opens (1) or closes (0) the gate of health, and tells the time of
	 * {@link System#nanoTime()} just before.
	 */
	public static final MethodDescriptor<byte[], byte[]> GATE = method("Gate");

	private final Consumer<Boolean> gate;

	private final LongSupplier direct;

	/**
	 * Create a new service.
	 * @param gate opens and closes the gate
	 * @param direct tells the bytes outside of the heap
	 */
	public ControlService(Consumer<Boolean> gate, LongSupplier direct) {
		this.gate = gate;
		this.direct = direct;
	}

	@Override
	public ServerServiceDefinition bindService() {
		ServerServiceDefinition.Builder service = ServerServiceDefinition.builder(SERVICE);
		add(service, HEAP, (unused) -> heap());
		add(service, DIRECT, (unused) -> this.direct.getAsLong());
		add(service, CPU, (unused) -> cpu());
		add(service, GATE, (open) -> {
			long before = System.nanoTime();
			this.gate.accept(open == 1);
			return before;
		});
		return service.build();
	}

	private static void add(ServerServiceDefinition.Builder service, MethodDescriptor<byte[], byte[]> method,
			LongUnaryOperator operation) {
		service.addMethod(method, ServerCalls.asyncUnaryCall((request, responses) -> {
			responses.onNext(LoadMethods.number(operation.applyAsLong(LoadMethods.number(request))));
			responses.onCompleted();
		}));
	}

	private static MethodDescriptor<byte[], byte[]> method(String name) {
		return LoadMethods.bytes(MethodDescriptor.generateFullMethodName(SERVICE, name), MethodType.UNARY);
	}

	private static long heap() {
		// What finalizers and cleaners hold goes with the second and third.
		for (int i = 0; i < 3; i++) {
			System.gc();
		}
		return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
	}

	private static long cpu() {
		return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
	}

}
