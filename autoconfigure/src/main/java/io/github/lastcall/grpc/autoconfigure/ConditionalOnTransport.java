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

package io.github.lastcall.grpc.autoconfigure;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.context.annotation.Conditional;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.env.Environment;

/**
 * Matches when there is a server for a {@link Transport}: by the same rule by which the
 * server itself is registered.
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Conditional(ConditionalOnTransport.OnTransport.class)
@interface ConditionalOnTransport {

	/**
	 * The transport.
	 */
	Transport value();

	class OnTransport extends PropertyCondition<ConditionalOnTransport> {

		OnTransport() {
			super(ConditionalOnTransport.class);
		}

		@Override
		boolean isMet(MergedAnnotation<ConditionalOnTransport> annotation, Environment environment) {
			return transport(annotation).isConfigured(environment);
		}

		@Override
		String properties(MergedAnnotation<ConditionalOnTransport> annotation) {
			return transport(annotation).properties();
		}

		private static Transport transport(MergedAnnotation<ConditionalOnTransport> annotation) {
			return annotation.getEnum("value", Transport.class);
		}

	}

}
