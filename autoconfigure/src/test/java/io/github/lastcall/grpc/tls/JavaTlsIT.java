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

package io.github.lastcall.grpc.tls;

import io.grpc.netty.shaded.io.netty.handler.ssl.OpenSsl;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The same by Java's own TLS, in a process that is told to use no other.
 */
@Tag("full")
@Tag("java-tls")
@EnabledIfSystemProperty(named = "io.grpc.netty.shaded.io.netty.handler.ssl.noOpenSsl", matches = "true")
class JavaTlsIT extends TlsTests {

	@BeforeAll
	static void thereIsNoOther() {
		assertThat(OpenSsl.isAvailable()).isFalse();
	}

}
