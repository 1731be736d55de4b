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

import com.google.rpc.BadRequest.FieldViolation;

import org.springframework.util.Assert;

/**
 * What is wrong with one field of a request, as in
 * {@code google.rpc.BadRequest.FieldViolation}.
 *
 * @param field the path of the field, such as {@code items[3].name}, empty for the whole
 * message
 * @param description what is wrong, for people
 * @param reason what is wrong, for programs, such as {@code OUT_OF_RANGE}; may be empty
 */
public record GrpcViolation(String field, String description, String reason) {

	public GrpcViolation {
		Assert.notNull(field, "'field' must not be null");
		Assert.notNull(description, "'description' must not be null");
		Assert.notNull(reason, "'reason' must not be null");
	}

	/**
	 * Creates a violation without a reason.
	 * @param field the path of the field, empty for the whole message
	 * @param description what is wrong, for people
	 */
	public GrpcViolation(String field, String description) {
		this(field, description, "");
	}

	FieldViolation toProto() {
		return FieldViolation.newBuilder()
			.setField(this.field)
			.setDescription(this.description)
			.setReason(this.reason)
			.build();
	}

	@Override
	public String toString() {
		return this.field.isEmpty() ? this.description : this.field + ": " + this.description;
	}

}
