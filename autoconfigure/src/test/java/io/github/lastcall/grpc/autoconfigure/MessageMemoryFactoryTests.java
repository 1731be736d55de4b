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

import java.util.Map;

import io.github.lastcall.grpc.limits.InboundMemory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What messages may hold follows from the memory that there is.
 */
@ExtendWith(OutputCaptureExtension.class)
class MessageMemoryFactoryTests {

	private static final long MEGABYTE = 1 << 20;

	private static final long HEAP = 256 * MEGABYTE;

	@Test
	void theSmallerOfHeapAndDirectMemoryIsHalved() {
		assertThat(limit(factory(Map.of(), Long.MAX_VALUE).inbound())).isEqualTo(HEAP / 2);
		assertThat(limit(factory(Map.of(), 40 * MEGABYTE).inbound())).isEqualTo(20 * MEGABYTE);
	}

	@Test
	void whatDoesNotFitIsReportedAndNamesTheOption(CapturedOutput output) {
		InboundMemory memory = factory(Map.of(), 10 * MEGABYTE).inbound();
		assertThat(limit(memory)).isEqualTo(5 * MEGABYTE);
		assertThat(output)
			.contains("Inbound messages may use 5 MB, but direct memory is limited to 10 MB: a message of "
					+ "grpc.server.limits.inbound-message-size (4 MB) may need 16 MB and can be refused with "
					+ "RESOURCE_EXHAUSTED. Raise -XX:MaxDirectMemorySize, or lower grpc.server.limits.inbound-message-size.");
	}

	@Test
	void whatFitsIsNotReported(CapturedOutput output) {
		MessageMemoryFactory factory = factory(
				Map.of("inbound-message-size", "1MB", "inbound-buffer-size", "4MB", "outbound-buffer-size", "2MB"),
				10 * MEGABYTE);
		factory.inbound();
		factory.outbound();
		factory(Map.of(), HEAP).outbound();
		assertThat(output).doesNotContain("MaxDirectMemorySize");
	}

	@Test
	void aLimitOfOnesOwnMayBeAsSmallAsOneMessage() {
		assertThat(limit(factory(Map.of("inbound-buffer-size", "4MB"), 10 * MEGABYTE).inbound()))
			.isEqualTo(4 * MEGABYTE);
	}

	@Test
	void whatIsSentMayHoldAQuarterOfTheHeapOrHalfOfTheDirectMemory() {
		assertThat(factory(Map.of(), Long.MAX_VALUE).outbound().limit()).isEqualTo(HEAP / 4);
		assertThat(factory(Map.of(), HEAP).outbound().limit()).isEqualTo(HEAP / 4);
		assertThat(factory(Map.of(), 40 * MEGABYTE).outbound().limit()).isEqualTo(20 * MEGABYTE);
		assertThat(factory(Map.of("outbound-buffer-size", "4MB"), 10 * MEGABYTE).outbound().limit())
			.isEqualTo(4 * MEGABYTE);
	}

	@Test
	void whatCannotBeSentIsReportedAndNamesTheOption(CapturedOutput output) {
		factory(Map.of(), 10 * MEGABYTE).outbound();
		assertThat(output)
			.contains("Outbound messages may use 5 MB, but direct memory is limited to 10 MB: larger messages are "
					+ "refused with RESOURCE_EXHAUSTED. Raise -XX:MaxDirectMemorySize, or lower "
					+ "grpc.server.limits.outbound-buffer-size.");
	}

	private static long limit(InboundMemory memory) {
		long bytes = 0;
		while (!memory.isExceeded()) {
			memory.add(MEGABYTE);
			bytes += MEGABYTE;
		}
		return bytes - MEGABYTE;
	}

	private static MessageMemoryFactory factory(Map<String, String> properties, long outsideOfHeap) {
		return new MessageMemoryFactory(new Binder(new MapConfigurationPropertySource(properties)).bindOrCreate("",
				GrpcServerProperties.Limits.class), HEAP, outsideOfHeap);
	}

}
