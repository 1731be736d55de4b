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

package io.github.lastcall.grpc.validation;

import java.util.ArrayList;
import java.util.List;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;

/**
 * How the requests of one method are validated.
 *
 * @param method the method
 * @param enforced whether an invalid request ends its call
 * @param validators the validators for its request type
 */
record MethodValidation(MethodDescriptor<?, ?> method, boolean enforced, List<GrpcValidator<Message>> validators) {

	boolean isEmpty() {
		return this.validators.isEmpty();
	}

	List<GrpcViolation> validate(Object request) {
		List<GrpcViolation> violations = List.of();
		for (GrpcValidator<Message> validator : this.validators) {
			violations = join(violations, validator.validate((Message) request));
		}
		return violations;
	}

	private static List<GrpcViolation> join(List<GrpcViolation> some, List<GrpcViolation> others) {
		if (some.isEmpty() || others.isEmpty()) {
			return some.isEmpty() ? others : some;
		}
		List<GrpcViolation> all = new ArrayList<>(some);
		all.addAll(others);
		return all;
	}

}
