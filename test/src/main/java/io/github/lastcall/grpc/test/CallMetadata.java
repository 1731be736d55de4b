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

package io.github.lastcall.grpc.test;

import java.lang.reflect.AnnotatedElement;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import org.jspecify.annotations.Nullable;

import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.test.context.TestContextAnnotationUtils;
import org.springframework.util.Assert;

/**
 * Metadata of the calls of a test, from {@link WithGrpcMetadata @WithGrpcMetadata} on its
 * classes, its method and its stubs.
 */
final class CallMetadata {

	private final List<String> entries;

	private CallMetadata(List<String> entries) {
		this.entries = entries;
	}

	/**
	 * Returns the metadata of a test class, with that of the classes around it.
	 */
	static CallMetadata of(Class<?> testClass) {
		Class<?> enclosing = testClass.getEnclosingClass();
		CallMetadata outer = (enclosing != null && TestContextAnnotationUtils.searchEnclosingClass(testClass))
				? of(enclosing) : new CallMetadata(List.of());
		return outer.with(testClass);
	}

	/**
	 * Returns this metadata with that of a method, field, parameter or class.
	 */
	CallMetadata with(@Nullable AnnotatedElement element) {
		WithGrpcMetadata annotation = (element != null)
				? AnnotatedElementUtils.findMergedAnnotation(element, WithGrpcMetadata.class) : null;
		if (annotation == null) {
			return this;
		}
		List<String> own = List.of(annotation.value());
		List<String> names = own.stream().map(CallMetadata::name).toList();
		Stream<String> outer = this.entries.stream().filter((entry) -> !names.contains(name(entry)));
		return new CallMetadata(Stream.concat(outer, own.stream()).toList());
	}

	/**
	 * Returns a channel that sends this metadata.
	 */
	ManagedChannel attachTo(ManagedChannel channel) {
		if (this.entries.isEmpty()) {
			return channel;
		}
		Metadata metadata = new Metadata();
		this.entries.forEach((entry) -> put(metadata, name(entry), entry.substring(entry.indexOf('=') + 1)));
		Channel calls = ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(metadata));
		return new ForwardingManagedChannel(() -> channel, calls);
	}

	private static void put(Metadata metadata, String name, String value) {
		if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
			metadata.put(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER), Base64.getDecoder().decode(value));
		}
		else {
			metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
		}
	}

	private static String name(String entry) {
		int end = entry.indexOf('=');
		Assert.isTrue(end > 0, () -> "@WithGrpcMetadata entry '" + entry + "' is not in the form name=value");
		return entry.substring(0, end).trim();
	}

}
