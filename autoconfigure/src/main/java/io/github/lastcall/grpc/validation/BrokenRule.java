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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import build.buf.protovalidate.ValidatorFactory;
import build.buf.protovalidate.exceptions.CompilationException;
import build.buf.protovalidate.exceptions.ValidationException;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.MessageOptions;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import org.jspecify.annotations.Nullable;

/**
 * Finds the field whose rule protovalidate cannot compile, which its exception does not
 * name: it compiles copies of the message that have the rules of one field only.
 */
final class BrokenRule {

	private BrokenRule() {
	}

	static GrpcServerStartException failure(Descriptor request, CompilationException cause) {
		Set<Descriptor> types = new LinkedHashSet<>();
		collect(request, types);
		String place = "message " + request.getFullName();
		for (Descriptor type : types) {
			String field = brokenField(type);
			if (field != null) {
				place = "field '%s' of message %s".formatted(field, type.getFullName());
				break;
			}
		}
		return new GrpcServerStartException(
				"A validation rule of %s cannot be compiled: %s".formatted(place, cause.getMessage()),
				"Correct its (buf.validate) options in the .proto file, or set grpc.server.validation.enabled to false.");
	}

	private static void collect(Descriptor type, Set<Descriptor> types) {
		if (types.add(type)) {
			for (FieldDescriptor field : type.getFields()) {
				if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
					collect(field.getMessageType(), types);
				}
			}
		}
	}

	private static @Nullable String brokenField(Descriptor type) {
		for (FieldDescriptor field : type.getFields()) {
			if (field.getOptions().getSerializedSize() > 0 && !compiles(withRulesOf(field, type))) {
				return field.getName();
			}
		}
		return null;
	}

	private static boolean compiles(Descriptor type) {
		try {
			ValidatorFactory.newBuilder().build().validate(DynamicMessage.getDefaultInstance(type));
			return true;
		}
		catch (CompilationException ex) {
			return false;
		}
		catch (ValidationException ex) {
			return true;
		}
	}

	private static Descriptor withRulesOf(FieldDescriptor only, Descriptor type) {
		DescriptorProto.Builder message = type.toProto().toBuilder().setOptions(MessageOptions.getDefaultInstance());
		message.clearNestedType();
		message.clearOneofDecl();
		message.clearField();
		FieldDescriptorProto.Builder field = only.toProto().toBuilder().clearOneofIndex().clearProto3Optional();
		message.addField(field);
		FileDescriptorProto.Builder file = FileDescriptorProto.newBuilder()
			.setName("lastcall/" + type.getFile().getName())
			.setPackage("lastcall")
			.setSyntax("proto3")
			.addMessageType(message);
		List<FileDescriptor> dependencies = new ArrayList<>(type.getFile().getDependencies());
		dependencies.add(type.getFile());
		dependencies.forEach((dependency) -> file.addDependency(dependency.getName()));
		try {
			return FileDescriptor.buildFrom(file.build(), dependencies.toArray(new FileDescriptor[0]))
				.findMessageTypeByName(message.getName());
		}
		catch (DescriptorValidationException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
