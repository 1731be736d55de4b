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

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import build.buf.protovalidate.ValidationResult;
import build.buf.protovalidate.Validator;
import build.buf.protovalidate.ValidatorFactory;
import build.buf.protovalidate.exceptions.CompilationException;
import build.buf.protovalidate.exceptions.ValidationException;
import build.buf.validate.FieldPath;
import build.buf.validate.FieldPathElement;
import build.buf.validate.ValidateProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.GeneratedMessage.ExtendableMessage;
import com.google.protobuf.Message;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Rules in {@code .proto} files, as <a href="https://protovalidate.com">protovalidate</a>
 * defines them. Creating its validator and compiling the rules takes most of a second, so
 * both happen on a thread of their own, beside the start of the application.
 *
 * @hidden
 */
public final class Protovalidate implements RequestRules, AopInfrastructureBean {

	/**
	 * Number of each of protovalidate's extensions of options.
	 */
	private static final int EXTENSION = ValidateProto.FIELD_FIELD_NUMBER;

	/**
	 * One thread, which ends when nothing is left to compile.
	 */
	private static final Executor BACKGROUND = new ThreadPoolExecutor(0, 1, 1, TimeUnit.SECONDS,
			new LinkedBlockingQueue<>(), (task) -> {
				Thread thread = new Thread(task, "grpc-validation");
				thread.setDaemon(true);
				return thread;
			});

	/**
	 * Rules depend on nothing but their descriptors, so all contexts of a JVM share them.
	 */
	private static final Protovalidate SHARED = new Protovalidate(() -> ValidatorFactory.newBuilder().build());

	private final Supplier<Validator> validators;

	/**
	 * Created when the first rules are compiled.
	 */
	private volatile @Nullable Validator validator;

	private final Map<Descriptor, CompletableFuture<?>> compiled = new ConcurrentHashMap<>();

	private Protovalidate(Supplier<Validator> validators) {
		this.validators = validators;
	}

	/**
	 * Returns rules that are compiled with the defaults of protovalidate.
	 */
	public static Protovalidate withDefaults() {
		return SHARED;
	}

	/**
	 * Creates rules that the application's own validator compiles.
	 */
	public static Protovalidate of(Validator validator) {
		return new Protovalidate(() -> validator);
	}

	@Override
	public boolean apply(Descriptor type) {
		return hasRules(type, new HashSet<>());
	}

	private static boolean hasRules(Descriptor type, Set<Descriptor> seen) {
		return seen.add(type) && (hasExtension(type.getOptions())
				|| type.getOneofs().stream().anyMatch((oneof) -> hasExtension(oneof.getOptions()))
				|| type.getFields().stream().anyMatch((field) -> hasRules(field, seen)));
	}

	private static boolean hasRules(FieldDescriptor field, Set<Descriptor> seen) {
		return hasExtension(field.getOptions())
				|| (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && hasRules(field.getMessageType(), seen));
	}

	/**
	 * Options of a descriptor that has been parsed without the extensions have them as
	 * unknown fields.
	 */
	private static boolean hasExtension(ExtendableMessage<?> options) {
		return options.getUnknownFields().hasField(EXTENSION)
				|| options.getAllFields().keySet().stream().anyMatch((field) -> field.getNumber() == EXTENSION);
	}

	@Override
	public CompletableFuture<?> compile(Descriptor type) {
		return this.compiled.computeIfAbsent(type,
				(missing) -> CompletableFuture.runAsync(() -> compileNow(missing), BACKGROUND));
	}

	private void compileNow(Descriptor type) {
		try {
			validator().validate(DynamicMessage.getDefaultInstance(type));
		}
		catch (CompilationException ex) {
			throw BrokenRule.failure(type, ex);
		}
		catch (ValidationException ex) {
			// It has been compiled, and cannot be evaluated for an empty message.
		}
	}

	private Validator validator() {
		Validator validator = this.validator;
		return (validator != null) ? validator : create();
	}

	private synchronized Validator create() {
		Validator validator = this.validator;
		if (validator == null) {
			validator = this.validators.get();
			this.validator = validator;
		}
		return validator;
	}

	@Override
	public List<GrpcViolation> validate(Message message) {
		ValidationResult result;
		try {
			result = validator().validate(message);
		}
		catch (ValidationException ex) {
			throw new IllegalStateException(
					"The rules of %s cannot be evaluated".formatted(message.getDescriptorForType().getFullName()), ex);
		}
		return result.isSuccess() ? List.of()
				: result.getViolations().stream().map((violation) -> violation(violation.toProto())).toList();
	}

	private static GrpcViolation violation(build.buf.validate.Violation violation) {
		return new GrpcViolation(path(violation.getField()), violation.getMessage(), violation.getRuleId());
	}

	private static String path(FieldPath path) {
		StringBuilder text = new StringBuilder();
		for (FieldPathElement element : path.getElementsList()) {
			text.append((text.isEmpty()) ? "" : ".").append(element.getFieldName());
			switch (element.getSubscriptCase()) {
				case INDEX -> text.append('[').append(element.getIndex()).append(']');
				case BOOL_KEY -> text.append('[').append(element.getBoolKey()).append(']');
				case INT_KEY -> text.append('[').append(element.getIntKey()).append(']');
				case UINT_KEY -> text.append('[').append(Long.toUnsignedString(element.getUintKey())).append(']');
				case STRING_KEY -> text.append("[\"").append(element.getStringKey()).append("\"]");
				case SUBSCRIPT_NOT_SET -> {
				}
			}
		}
		return text.toString();
	}

}
