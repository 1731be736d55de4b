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

import java.lang.annotation.Annotation;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * A condition of which the report of the conditions says by which properties it is met or
 * not.
 *
 * @param <A> its annotation
 */
abstract class PropertyCondition<A extends Annotation> extends SpringBootCondition {

	private final Class<A> annotationType;

	PropertyCondition(Class<A> annotationType) {
		this.annotationType = annotationType;
	}

	@Override
	public final ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		MergedAnnotation<A> annotation = metadata.getAnnotations().get(this.annotationType);
		boolean met = isMet(annotation, context.getEnvironment());
		return new ConditionOutcome(met, ConditionMessage.forCondition(this.annotationType)
			.because((met ? "is met by " : "is not met by ") + properties(annotation)));
	}

	abstract boolean isMet(MergedAnnotation<A> annotation, Environment environment);

	/**
	 * The names of the properties.
	 */
	abstract String properties(MergedAnnotation<A> annotation);

}
