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

package io.github.lastcall.grpc.observation;

import io.micrometer.observation.Observation;

/**
 * Tags the span of an observation with an exception that a key value of Micrometer cannot
 * tell.
 */
@FunctionalInterface
public interface ErrorTag {

	/**
	 * Tags the span of an observation that has not been stopped, if it has one.
	 * @param context the context of the observation
	 * @param error the simple name of the exception
	 */
	void tag(Observation.ContextView context, String error);

}
