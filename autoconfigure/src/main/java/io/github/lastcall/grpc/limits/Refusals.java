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
package io.github.lastcall.grpc.limits;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

import io.github.lastcall.grpc.executor.ServerTimer;
import org.apache.commons.logging.LogFactory;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Refusals of one server: all counted, and logged up to a limit.
 */
public final class Refusals implements AopInfrastructureBean {

	private final String server;

	private final RefusalLog log;

	private final Map<RefusalReason, LongAdder> counts;

	/**
	 * Creates new refusals.
	 * @param server the name of the server
	 * @param timer runs the summaries of what is not logged
	 */
	public Refusals(String server, ServerTimer timer) {
		this.server = server;
		this.log = new RefusalLog(LogFactory.getLog(Refusals.class), "gRPC server '" + server + "'", timer);
		Map<RefusalReason, LongAdder> counts = new EnumMap<>(RefusalReason.class);
		for (RefusalReason reason : RefusalReason.values()) {
			counts.put(reason, new LongAdder());
		}
		this.counts = Collections.unmodifiableMap(counts);
	}

	/**
	 * Returns the name of the server.
	 */
	public String getServer() {
		return this.server;
	}

	/**
	 * Returns the number of refusals since the application started.
	 */
	@SuppressWarnings("NullAway") // Every reason has its counter.
	public long getCount(RefusalReason reason) {
		return this.counts.get(reason).sum();
	}

	/**
	 * Counts a refusal without logging it, because its connection has a line.
	 */
	@SuppressWarnings("NullAway") // Every reason has its counter.
	public void count(RefusalReason reason) {
		this.counts.get(reason).increment();
	}

	/**
	 * Counts a refusal, and logs it unless there have just been many.
	 * @param line creates the line; not called if it is not logged
	 */
	public void report(RefusalReason reason, Supplier<String> line) {
		count(reason);
		this.log.log(reason, line);
	}

}
