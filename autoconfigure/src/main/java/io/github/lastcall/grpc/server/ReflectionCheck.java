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

package io.github.lastcall.grpc.server;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Consumer;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoFileDescriptorSupplier;

/**
 * Checks for services that grpc-java's reflection cannot describe. Its index holds one
 * file per name and one definition per symbol, but classes that are generated separately
 * can have two.
 */
final class ReflectionCheck {

	private static final String REFLECTION = "grpc.reflection.";

	private final Consumer<String> warnings;

	private final Map<String, Source> files = new HashMap<>();

	private final Map<String, Source> symbols = new HashMap<>();

	/**
	 * Files whose symbols and dependencies are still to be looked at, in the order in
	 * which the index takes them.
	 */
	private final Queue<Source> queue = new ArrayDeque<>();

	private ReflectionCheck(Consumer<String> warnings) {
		this.warnings = warnings;
	}

	/**
	 * Checks the services of a server, if reflection is one of them.
	 * @param services all services of the server, in the order in which they are added
	 * @param warnings told of each conflict
	 */
	static void check(List<ServerServiceDefinition> services, Consumer<String> warnings) {
		if (services.stream().anyMatch((service) -> name(service).startsWith(REFLECTION))) {
			new ReflectionCheck(warnings).check(services);
		}
	}

	private void check(List<ServerServiceDefinition> services) {
		for (ServerServiceDefinition service : services) {
			if (service.getServiceDescriptor().getSchemaDescriptor() instanceof ProtoFileDescriptorSupplier supplier) {
				add(new Source(supplier.getFileDescriptor(), name(service)));
			}
		}
		for (Source source = this.queue.poll(); source != null; source = this.queue.poll()) {
			addSymbols(source);
			for (FileDescriptor dependency : source.file().getDependencies()) {
				add(new Source(dependency, source.service()));
			}
		}
	}

	private void add(Source source) {
		Source other = this.files.putIfAbsent(source.file().getName(), source);
		if (other == null) {
			this.queue.add(source);
		}
		else if (!source.isSameFile(other)) {
			this.warnings.accept(("Reflection describes only one of two .proto files that are both called '%s': "
					+ "the one of package '%s' (for service %s) and not the one of package '%s' (for service %s). "
					+ "Move one of them to another path and regenerate its classes")
				.formatted(source.file().getName(), other.file().getPackage(), other.service(),
						source.file().getPackage(), source.service()));
		}
	}

	private void addSymbols(Source source) {
		for (ServiceDescriptor service : source.file().getServices()) {
			addSymbol(service.getFullName(), source);
		}
		for (Descriptor type : source.file().getMessageTypes()) {
			addSymbol(type.getFullName(), source);
		}
	}

	private void addSymbol(String name, Source source) {
		Source other = this.symbols.putIfAbsent(name, source);
		if (other != null) {
			this.warnings.accept(("Reflection fails for every service, as '%s' is defined twice: "
					+ "in '%s' (for service %s) and in '%s' (for service %s). "
					+ "Remove one of them, or set grpc.server.reflection.enabled to false")
				.formatted(name, other.file().getName(), other.service(), source.file().getName(), source.service()));
		}
	}

	private static String name(ServerServiceDefinition service) {
		return service.getServiceDescriptor().getName();
	}

	/**
	 * A file, and the service that has it described.
	 */
	private record Source(FileDescriptor file, String service) {

		boolean isSameFile(Source other) {
			return this.file == other.file || this.file.toProto().equals(other.file.toProto());
		}

	}

}
