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

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.concurrent.Executor;

import io.grpc.ForwardingServerBuilder;
import io.grpc.ServerBuilder;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.internal.FixedObjectPool;
import io.grpc.internal.ObjectPool;
import io.grpc.internal.ServerImplBuilder;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;
import org.springframework.util.ReflectionUtils;

/**
 * Executors that customizers have set on the builder of a server, whose public API has no
 * getters for them.
 *
 * @hidden
 */
public final class BuilderExecutors {

	private static final Method DELEGATE = accessible(
			ReflectionUtils.findMethod(ForwardingServerBuilder.class, "delegate"));

	private static final @Nullable Field SUPPLIER = accessible(
			ReflectionUtils.findField(ServerImplBuilder.class, "executorSupplier", ServerCallExecutorSupplier.class));

	private final ServerBuilder<?> builder;

	private final @Nullable ObjectPool<? extends Executor> preset;

	private BuilderExecutors(ServerBuilder<?> builder) {
		this.builder = builder;
		this.preset = pool(builder);
	}

	/**
	 * Makes a server look up the methods of calls on its event loop, because the executor
	 * of a call depends on its method. Must be called before the customizers.
	 * @param builder the builder of the server
	 * @return the executors that are set from now on
	 */
	public static BuilderExecutors preset(ServerBuilder<?> builder) {
		builder.directExecutor();
		return new BuilderExecutors(builder);
	}

	/**
	 * Returns the executor that has been set.
	 * @return the executor, {@code null} if there is none
	 */
	@Nullable Executor executor() {
		ObjectPool<? extends Executor> pool = pool(this.builder);
		if (pool == this.preset || !(pool instanceof FixedObjectPool)) {
			return null;
		}
		Executor executor = pool.getObject();
		return (this.preset != null && executor == this.preset.getObject()) ? ServerExecutor.DIRECT : executor;
	}

	/**
	 * Returns the supplier that has been set.
	 * @return the supplier, {@code null} if there is none
	 */
	@Nullable ServerCallExecutorSupplier supplier() {
		ServerImplBuilder builder = unwrap(this.builder);
		return (builder != null && SUPPLIER != null)
				? (ServerCallExecutorSupplier) ReflectionUtils.getField(SUPPLIER, builder) : null;
	}

	private static @Nullable ObjectPool<? extends Executor> pool(ServerBuilder<?> builder) {
		ServerImplBuilder unwrapped = unwrap(builder);
		return (unwrapped != null) ? unwrapped.getExecutorPool() : null;
	}

	private static @Nullable ServerImplBuilder unwrap(ServerBuilder<?> builder) {
		Object next = builder;
		while (next instanceof ForwardingServerBuilder) {
			next = ReflectionUtils.invokeMethod(DELEGATE, next);
		}
		return (next instanceof ServerImplBuilder unwrapped) ? unwrapped : null;
	}

	private static Method accessible(@Nullable Method method) {
		Assert.state(method != null, "No method");
		ReflectionUtils.makeAccessible(method);
		return method;
	}

	private static @Nullable Field accessible(@Nullable Field field) {
		if (field != null) {
			ReflectionUtils.makeAccessible(field);
		}
		return field;
	}

}
