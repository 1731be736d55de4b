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
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

import build.buf.validate.FieldRules;
import build.buf.validate.Int32Rules;
import build.buf.validate.Rule;
import build.buf.validate.StringRules;
import build.buf.validate.ValidateProto;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type;
import com.google.protobuf.DescriptorProtos.FieldOptions;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/**
 * A service with a method of each kind, whose requests have rules: an order has a
 * quantity of 1 to 10, and items with names.
 */
final class Orders implements BindableService {

	private static final FileDescriptor FILE = file();

	static final Descriptor ORDER = FILE.findMessageTypeByName("Order");

	private static final Descriptor ITEM = FILE.findMessageTypeByName("Item");

	/**
	 * What the handlers have seen.
	 */
	final List<DynamicMessage> seen = new CopyOnWriteArrayList<>();

	final List<Throwable> cancelled = new CopyOnWriteArrayList<>();

	private final String name;

	private final Descriptor request;

	Orders(String name) {
		this(name, ORDER);
	}

	Orders(String name, Descriptor request) {
		this.name = name;
		this.request = request;
	}

	/**
	 * An order whose last item has no name.
	 */
	static DynamicMessage nameless(int quantity, int items) {
		DynamicMessage.Builder order = order(quantity).toBuilder();
		for (int i = 1; i <= items; i++) {
			order.addRepeatedField(ORDER.findFieldByName("items"),
					DynamicMessage.newBuilder(ITEM)
						.setField(ITEM.findFieldByName("name"), (i < items) ? "item " + i : "")
						.build());
		}
		return order.build();
	}

	static DynamicMessage order(int quantity) {
		return DynamicMessage.newBuilder(ORDER).setField(ORDER.findFieldByName("quantity"), quantity).build();
	}

	static int quantity(DynamicMessage order) {
		return (int) order.getField(ORDER.findFieldByName("quantity"));
	}

	/**
	 * A message with a rule that cannot be compiled, in a message within it.
	 */
	static Descriptor broken() {
		return FILE.findMessageTypeByName("Basket");
	}

	static MethodDescriptor<DynamicMessage, DynamicMessage> method(String service, MethodType type) {
		return method(service, type, ORDER);
	}

	private static MethodDescriptor<DynamicMessage, DynamicMessage> method(String service, MethodType type,
			Descriptor request) {
		return MethodDescriptor.<DynamicMessage, DynamicMessage>newBuilder()
			.setType(type)
			.setFullMethodName(MethodDescriptor.generateFullMethodName(service, type.name()))
			.setRequestMarshaller(ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(request)))
			.setResponseMarshaller(ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(ORDER)))
			.build();
	}

	@Override
	public ServerServiceDefinition bindService() {
		return ServerServiceDefinition.builder(this.name)
			.addMethod(method(this.name, MethodType.UNARY, this.request), ServerCalls.asyncUnaryCall(this::one))
			.addMethod(method(this.name, MethodType.SERVER_STREAMING, this.request),
					ServerCalls.asyncServerStreamingCall(this::one))
			.addMethod(method(this.name, MethodType.CLIENT_STREAMING, this.request),
					ServerCalls.asyncClientStreamingCall((responses) -> many(responses, false)))
			.addMethod(method(this.name, MethodType.BIDI_STREAMING, this.request),
					ServerCalls.asyncBidiStreamingCall((responses) -> many(responses, true)))
			.build();
	}

	private void one(DynamicMessage order, StreamObserver<DynamicMessage> responses) {
		this.seen.add(order);
		responses.onNext(order);
		responses.onCompleted();
	}

	private StreamObserver<DynamicMessage> many(StreamObserver<DynamicMessage> responses, boolean echo) {
		return new StreamObserver<>() {

			@Override
			public void onNext(DynamicMessage order) {
				Orders.this.seen.add(order);
				if (echo) {
					responses.onNext(order);
				}
			}

			@Override
			public void onError(Throwable ex) {
				Orders.this.cancelled.add(ex);
			}

			@Override
			public void onCompleted() {
				if (!echo) {
					responses.onNext(order(Orders.this.seen.size()));
				}
				responses.onCompleted();
			}

		};
	}

	private static FileDescriptor file() {
		FieldRules name = FieldRules.newBuilder().setString(StringRules.newBuilder().setMinLen(1)).build();
		FieldRules quantity = FieldRules.newBuilder().setInt32(Int32Rules.newBuilder().setGte(1).setLte(10)).build();
		FieldRules broken = FieldRules.newBuilder()
			.addCel(Rule.newBuilder().setId("broken").setExpression("this.size > 1"))
			.build();
		FileDescriptorProto file = FileDescriptorProto.newBuilder()
			.setName("orders.proto")
			.setPackage("test")
			.setSyntax("proto3")
			.addDependency(ValidateProto.getDescriptor().getFullName())
			.addMessageType(message("Item", field("name", 1, Type.TYPE_STRING, name)))
			.addMessageType(message("Order", field("quantity", 1, Type.TYPE_INT32, quantity),
					field("items", 2, Type.TYPE_MESSAGE, null).setLabel(Label.LABEL_REPEATED)
						.setTypeName(".test.Item")))
			.addMessageType(message("Fruit", field("name", 1, Type.TYPE_STRING, name),
					field("colour", 2, Type.TYPE_STRING, broken)))
			.addMessageType(message("Basket",
					field("fruit", 1, Type.TYPE_MESSAGE, null).setLabel(Label.LABEL_REPEATED)
						.setTypeName(".test.Fruit")))
			.build();
		try {
			return FileDescriptor.buildFrom(file, new FileDescriptor[] { ValidateProto.getDescriptor() });
		}
		catch (DescriptorValidationException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static DescriptorProto message(String name, FieldDescriptorProto.Builder... fields) {
		return DescriptorProto.newBuilder()
			.setName(name)
			.addAllField(Stream.of(fields).map(FieldDescriptorProto.Builder::build).toList())
			.build();
	}

	private static FieldDescriptorProto.Builder field(String name, int number, Type type, @Nullable FieldRules rules) {
		FieldDescriptorProto.Builder field = FieldDescriptorProto.newBuilder()
			.setName(name)
			.setNumber(number)
			.setType(type)
			.setLabel(Label.LABEL_OPTIONAL);
		return (rules != null)
				? field.setOptions(FieldOptions.newBuilder().setExtension(ValidateProto.field, rules).build()) : field;
	}

}
