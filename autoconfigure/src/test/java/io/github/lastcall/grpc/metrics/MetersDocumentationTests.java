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

package io.github.lastcall.grpc.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestAuthority;
import io.github.lastcall.grpc.validation.ViolationRecorder;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.netty.pkitesting.X509Bundle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.util.StringUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Whatever a running server registers is in the documentation.
 */
@Timeout(120)
class MetersDocumentationTests {

	private static final Path DOCUMENTATION = Path.of("../docs/metrics.md");

	private static final String BEGIN = "<!-- meters -->\n";

	private static final String END = "<!-- end of meters -->\n";

	private final TestAuthority authority = new TestAuthority("authority");

	private final X509Bundle certificate = this.authority.server("server");

	/**
	 * If it fails, put what it expects between the two comments: that is also in
	 * {@code target/metrics.md}.
	 */
	@Test
	void theDocumentationHasEveryMeterAndNoOther() throws IOException {
		String expected = "\n| meter | type | tags | |\n| --- | --- | --- | --- |\n" + rows() + "\n";
		Files.writeString(Path.of("target/metrics.md"), expected);
		String documentation = Files.readString(DOCUMENTATION);
		assertThat(documentation).contains(BEGIN, END);
		assertThat(documentation.substring(documentation.indexOf(BEGIN) + BEGIN.length(), documentation.indexOf(END)))
			.isEqualTo(expected);
	}

	private String rows() {
		try (TestApplication app = TestApplication.ofEverything()
			.tls(this.authority.trustingBundle(this.certificate))
			.run("grpc.server.health.port=0"); GrpcClient client = this.authority.connect(app.port(), null)) {
			client.featureName();
			app.bean(ViolationRecorder.class).violated(RouteGuideGrpc.getGetFeatureMethod(), true, 1);
			MeterRegistry registry = app.context().getBean(MeterRegistry.class);
			await().until(() -> registry.find("grpc.server").timer() != null);
			Map<String, String> rows = new TreeMap<>();
			for (Meter meter : registry.getMeters()) {
				if (isOurs(meter.getId())) {
					rows.put(meter.getId().getName(), row(meter.getId()));
				}
			}
			return String.join("", rows.values());
		}
	}

	private static boolean isOurs(Meter.Id id) {
		return id.getName().startsWith("grpc.") || GrpcExecutorMetrics.NAME.equals(id.getTag("name"));
	}

	private static String row(Meter.Id id) {
		String tags = id.getTags()
			.stream()
			.map(Tag::getKey)
			.map((key) -> "`" + key + "`")
			.collect(Collectors.joining(", "));
		String unit = StringUtils.hasText(id.getBaseUnit()) ? " (" + id.getBaseUnit() + ")" : "";
		return "| `%s` | %s%s | %s | %s |\n".formatted(id.getName(), id.getType().name().toLowerCase(Locale.ROOT), unit,
				tags, id.getDescription());
	}

}
