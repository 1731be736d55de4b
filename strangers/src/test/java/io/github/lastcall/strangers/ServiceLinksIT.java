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

package io.github.lastcall.strangers;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The environment variables that Kubernetes makes in a pod for each Service of its
 * namespace.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ServiceLinksIT {

	private static final List<String> SERVICES = List.of("grpc-server", "grpc-server-health");

	@Test
	void theFilesPortsCountAndOneWarningNamesEachService(@TempDir Path directory) throws Exception {
		Map<String, String> pod = new HashMap<>();
		SERVICES.forEach((service) -> pod.putAll(variables(service)));
		pod.putAll(variables("kubernetes"));
		Path file = Files.writeString(directory.resolve("application.yml"), "grpc.server.health.port: 0");
		List<String> jar = List.of("-jar", Stranger.jar("boot-4.1.1").toString());
		try (Stranger stranger = Stranger.launch(pod, jar, "--spring.config.additional-location=" + file)) {
			stranger.awaitServing();
			assertThat(Stranger.greet(stranger.channel(), "Ada")).startsWith("Hello Ada");
			assertThat(stranger.log()).contains("gRPC server 'health' listens on port")
				.doesNotContain("listens on port 9090", "'kubernetes'");
			assertThat(SERVICES)
				.allSatisfy((service) -> assertThat(stranger.log().lines().filter((line) -> line.contains("WARN")))
					.filteredOn((line) -> line.contains("for the Service '%s'".formatted(service)))
					.singleElement()
					.satisfies((line) -> assertThat(variables(service).keySet()).allMatch(line::contains)));
		}
	}

	/**
	 * Those of a Service with one port.
	 */
	private static Map<String, String> variables(String service) {
		String name = service.toUpperCase(Locale.ROOT).replace('-', '_');
		String port = name + "_PORT_9090_TCP";
		return Map.of(name + "_SERVICE_HOST", "10.0.0.5", name + "_SERVICE_PORT", "9090", name + "_SERVICE_PORT_GRPC",
				"9090", name + "_PORT", "tcp://10.0.0.5:9090", port, "tcp://10.0.0.5:9090", port + "_PROTO", "tcp",
				port + "_PORT", "9090", port + "_ADDR", "10.0.0.5");
	}

}
