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

package io.github.lastcall.grpc.lifecycle;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

import io.github.lastcall.grpc.autoconfigure.GrpcServerAutoConfiguration;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.support.PropertiesLoaderUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The defaults that DevTools adds with the lowest precedence, unless an application is
 * packaged.
 */
@Timeout(60)
class DevToolsDefaultsTests {

	private static final String PREFIX = "defaults.";

	@Test
	void aRestartDoesNotWaitForAnOpenStream() throws IOException {
		try (TestApplication app = TestApplication.run(defaults("spring.main.cloud-platform", "kubernetes"))) {
			Observer<Feature> stream = new Observer<>();
			RouteGuideGrpc.newStub(app.channel()).listFeatures(Rectangle.getDefaultInstance(), stream);
			stream.awaitMessages(1);
			CompletableFuture<Void> closed = app.closeAsync();
			// No time passes.
			assertThat(stream.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
		}
	}

	@Test
	void aPropertyOfTheApplicationWins() throws IOException {
		try (TestApplication app = TestApplication.run(defaults("grpc.server.shutdown.grace-period", "7s"))) {
			assertThat(app.context().getBean(ShutdownSettings.class).gracePeriod()).isEqualTo(Duration.ofSeconds(7));
		}
	}

	@Test
	void clientsSeeTheMessagesOfExceptions() throws IOException {
		assertThat(defaults("spring.application.name", "any")).contains("grpc.server.error.include-message=always");
	}

	/**
	 * The defaults and a property that follows them.
	 */
	private static String[] defaults(String name, String value) throws IOException {
		Properties properties = PropertiesLoaderUtils.loadProperties(new ClassPathResource(
				"META-INF/spring-devtools.properties", GrpcServerAutoConfiguration.class.getClassLoader()));
		return Stream
			.concat(properties.entrySet().stream().map(DevToolsDefaultsTests::withoutPrefix),
					Stream.of(name + "=" + value))
			.toArray(String[]::new);
	}

	private static String withoutPrefix(Map.Entry<Object, Object> entry) {
		assertThat(entry.getKey().toString()).startsWith(PREFIX);
		return entry.getKey().toString().substring(PREFIX.length()) + "=" + entry.getValue();
	}

}
