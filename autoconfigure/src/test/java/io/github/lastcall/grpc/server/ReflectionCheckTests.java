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

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.protobuf.ProtoFileDescriptorSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What clients of reflection are not told, and how the application learns of it.
 */
@ExtendWith(OutputCaptureExtension.class)
class ReflectionCheckTests {

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withPropertyValues("grpc.server.in-process.enabled=true");

	@Test
	void twoFilesOfOneNameAreNamedInAWarning(CapturedOutput output) {
		this.runner.withUserConfiguration(SameNameConfiguration.class)
			.run((context) -> assertThatOneWarningContains(context, output, "'service.proto'", "'acme.orders'",
					"acme.orders.Orders", "'acme.bills'", "acme.bills.Bills"));
	}

	@Test
	void aFileThatAnotherOneImportsCountsToo(CapturedOutput output) {
		this.runner.withUserConfiguration(SameDependencyConfiguration.class)
			.run((context) -> assertThatOneWarningContains(context, output, "'common.proto'", "'acme.orders'",
					"acme.orders.Orders", "'acme.bills'", "acme.bills.Bills"));
	}

	@Test
	void twoDefinitionsOfOneMessageAreNamedInAWarning(CapturedOutput output) {
		this.runner.withUserConfiguration(SameMessageConfiguration.class)
			.run((context) -> assertThatOneWarningContains(context, output, "fails for every service", "'acme.Money'",
					"'orders.proto'", "'bills.proto'"));
	}

	@Test
	void theSameFileTwiceIsNoConflict(CapturedOutput output) {
		this.runner.withUserConfiguration(SameFileConfiguration.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(output).doesNotContain("Reflection");
		});
	}

	@Test
	void withoutReflectionThereIsNothingToSay(CapturedOutput output) {
		this.runner.withUserConfiguration(SameNameConfiguration.class)
			.withPropertyValues("grpc.server.reflection.enabled=false")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(output).doesNotContain("Reflection");
			});
	}

	private static void assertThatOneWarningContains(AssertableApplicationContext context, CapturedOutput output,
			String... texts) {
		assertThat(context).hasNotFailed();
		assertThat(output.toString().lines().filter((line) -> line.contains("Reflection"))).singleElement()
			.asString()
			.contains("WARN")
			.contains(texts);
	}

	private static BindableService service(String name, FileDescriptor file) {
		return () -> ServerServiceDefinition
			.builder(ServiceDescriptor.newBuilder(name)
				.setSchemaDescriptor((ProtoFileDescriptorSupplier) () -> file)
				.build())
			.build();
	}

	private static FileDescriptor file(String name, String packageName, String service, FileDescriptor... dependencies)
			throws DescriptorValidationException {
		FileDescriptorProto.Builder file = FileDescriptorProto.newBuilder().setName(name).setPackage(packageName);
		if (!service.isEmpty()) {
			file.addService(ServiceDescriptorProto.newBuilder().setName(service));
		}
		for (FileDescriptor dependency : dependencies) {
			file.addDependency(dependency.getName());
		}
		return FileDescriptor.buildFrom(file.build(), dependencies);
	}

	private static FileDescriptor money(String name) throws DescriptorValidationException {
		return FileDescriptor.buildFrom(FileDescriptorProto.newBuilder()
			.setName(name)
			.setPackage("acme")
			.addMessageType(DescriptorProto.newBuilder().setName("Money"))
			.build(), new FileDescriptor[0]);
	}

	@Configuration(proxyBeanMethods = false)
	static class SameNameConfiguration {

		@Bean
		@GrpcService
		BindableService orders() throws DescriptorValidationException {
			return service("acme.orders.Orders", file("service.proto", "acme.orders", "Orders"));
		}

		@Bean
		@GrpcService
		BindableService bills() throws DescriptorValidationException {
			return service("acme.bills.Bills", file("service.proto", "acme.bills", "Bills"));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class SameDependencyConfiguration {

		@Bean
		@GrpcService
		BindableService orders() throws DescriptorValidationException {
			return service("acme.orders.Orders",
					file("orders.proto", "acme.orders", "Orders", file("common.proto", "acme.orders", "")));
		}

		@Bean
		@GrpcService
		BindableService bills() throws DescriptorValidationException {
			return service("acme.bills.Bills",
					file("bills.proto", "acme.bills", "Bills", file("common.proto", "acme.bills", "")));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class SameMessageConfiguration {

		@Bean
		@GrpcService
		BindableService orders() throws DescriptorValidationException {
			return service("acme.Orders", money("orders.proto"));
		}

		@Bean
		@GrpcService
		BindableService bills() throws DescriptorValidationException {
			return service("acme.Bills", money("bills.proto"));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class SameFileConfiguration {

		@Bean
		@GrpcService
		BindableService orders() throws DescriptorValidationException {
			return service("acme.Orders", money("money.proto"));
		}

		@Bean
		@GrpcService
		BindableService bills() throws DescriptorValidationException {
			return service("acme.Bills", money("money.proto"));
		}

	}

}
