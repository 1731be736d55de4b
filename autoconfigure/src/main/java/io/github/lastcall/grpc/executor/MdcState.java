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

import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Mapped diagnostic context (MDC) as the state of a thread.
 *
 * @hidden
 */
public final class MdcState implements ThreadState, AopInfrastructureBean {

	@Override
	public @Nullable Object save() {
		Map<String, String> context = MDC.getCopyOfContextMap();
		return (context != null && !context.isEmpty()) ? context : null;
	}

	@Override
	@SuppressWarnings("unchecked")
	public void restore(@Nullable Object saved) {
		if (saved != null) {
			MDC.setContextMap((Map<String, String>) saved);
		}
		else {
			MDC.clear();
		}
	}

}
