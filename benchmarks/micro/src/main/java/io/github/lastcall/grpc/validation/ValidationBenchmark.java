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

import java.util.List;
import java.util.concurrent.TimeUnit;

import build.buf.protovalidate.Validator;
import build.buf.protovalidate.ValidatorFactory;
import build.buf.protovalidate.exceptions.ValidationException;
import build.buf.validate.FieldRules;
import build.buf.validate.Int32Rules;
import build.buf.validate.ValidateProto;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldOptions;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a valid message of two ruled fields costs on its way to a handler: validated by
 * the library, and by a handler that calls protovalidate by hand. In the package of the
 * validation, because nobody else is to see its parts.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
@State(Scope.Benchmark)
public class ValidationBenchmark {

	private final Validator validator = ValidatorFactory.newBuilder().build();

	private final Handler byHand = new Handler(this.validator);

	private ServerCall.Listener<Message> validated = this.byHand;

	private Message message = ValidateProto.getDescriptor().toProto();

	/**
	 * A message with rules, and a call that takes such messages.
	 */
	@Setup
	public void create() throws DescriptorValidationException {
		Descriptor type = point();
		this.message = DynamicMessage.newBuilder(type)
			.setField(type.findFieldByName("latitude"), 1)
			.setField(type.findFieldByName("longitude"), 2)
			.build();
		Call call = new Call(type);
		Protovalidate rules = Protovalidate.of(this.validator);
		this.validated = new ValidatedListener<>(new Handler(null),
				new MethodValidation(call.getMethodDescriptor(), true, List.of(rules)),
				new RequestValidation(List.of(), rules, true, (method, enforced, violations) -> {
				}));
	}

	private static Descriptor point() throws DescriptorValidationException {
		FileDescriptorProto file = FileDescriptorProto.newBuilder()
			.setName("point.proto")
			.setSyntax("proto3")
			.addDependency(ValidateProto.getDescriptor().getFullName())
			.addMessageType(DescriptorProto.newBuilder()
				.setName("Point")
				.addField(field("latitude", 1, 900_000_000))
				.addField(field("longitude", 2, 1_800_000_000)))
			.build();
		return FileDescriptor.buildFrom(file, new FileDescriptor[] { ValidateProto.getDescriptor() })
			.findMessageTypeByName("Point");
	}

	private static FieldDescriptorProto field(String name, int number, int max) {
		FieldRules rules = FieldRules.newBuilder().setInt32(Int32Rules.newBuilder().setGte(-max).setLte(max)).build();
		return FieldDescriptorProto.newBuilder()
			.setName(name)
			.setNumber(number)
			.setType(FieldDescriptorProto.Type.TYPE_INT32)
			.setLabel(FieldDescriptorProto.Label.LABEL_OPTIONAL)
			.setOptions(FieldOptions.newBuilder().setExtension(ValidateProto.field, rules))
			.build();
	}

	/**
	 * The handler validates.
	 * @return something to be consumed
	 */
	@Benchmark
	public Object byHand() {
		this.byHand.onMessage(this.message);
		return this.byHand;
	}

	/**
	 * The library validates.
	 * @return something to be consumed
	 */
	@Benchmark
	public Object validated() {
		this.validated.onMessage(this.message);
		return this.validated;
	}

	/**
	 * Takes messages, and validates them if it has a validator.
	 */
	private static final class Handler extends ServerCall.Listener<Message> {

		private final @Nullable Validator validator;

		private int messages;

		Handler(@Nullable Validator validator) {
			this.validator = validator;
		}

		@Override
		public void onMessage(Message message) {
			if (this.validator == null || isValid(this.validator, message)) {
				this.messages++;
			}
		}

		private static boolean isValid(Validator validator, Message message) {
			try {
				return validator.validate(message).isSuccess();
			}
			catch (ValidationException ex) {
				throw new IllegalStateException(ex);
			}
		}

	}

	/**
	 * A call that nobody closes.
	 */
	private static final class Call extends ServerCall<Message, Message> {

		private final MethodDescriptor<Message, Message> method;

		Call(Descriptor type) {
			MethodDescriptor.Marshaller<Message> marshaller = ProtoUtils
				.marshaller((Message) DynamicMessage.getDefaultInstance(type));
			this.method = MethodDescriptor.newBuilder(marshaller, marshaller)
				.setType(MethodType.CLIENT_STREAMING)
				.setFullMethodName("lastcall.benchmarks.Micro/Call")
				.build();
		}

		@Override
		public void request(int messages) {
		}

		@Override
		public void sendHeaders(Metadata headers) {
		}

		@Override
		public void sendMessage(Message message) {
		}

		@Override
		public void close(Status status, Metadata trailers) {
		}

		@Override
		public boolean isCancelled() {
			return false;
		}

		@Override
		public MethodDescriptor<Message, Message> getMethodDescriptor() {
			return this.method;
		}

	}

}
