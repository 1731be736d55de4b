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

import java.nio.file.Path;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class NettyUnixDomainSocketServerFactoryTests {

	@Test
	void withoutTheNativeTransportTheFailureSaysWhatToDo() {
		NettyUnixDomainSocketServerFactory factory = new NettyUnixDomainSocketServerFactory(Path.of("/run/grpc.sock"),
				"the.property",
				() -> new IllegalStateException("no native", new UnsatisfiedLinkError("no library for this system")));
		assertThatExceptionOfType(GrpcServerStartException.class).isThrownBy(factory::newBuilder)
			.withMessageContainingAll("/run/grpc.sock", "epoll is not available", "no library for this system")
			.satisfies((ex) -> {
				assertThat(ex.getProperties()).containsExactly("the.property");
				assertThat(ex.getAction()).contains("Linux", "remove the.property");
			});
	}

}
