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

package io.github.lastcall.sample;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.HealthCheck;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The file of {@code deploy/envoy} against Envoy's own API: every field exists and has a
 * value of its type. There is no Envoy that could run it.
 */
class EnvoyConfigurationTests {

	private static final Path FILE = BalancerProcess.DEPLOY.resolve("envoy").resolve("envoy.yaml");

	@Test
	void theConfigurationIsOneOfEnvoys() throws Exception {
		Cluster cluster = parse(Files.readString(FILE)).getStaticResources().getClusters(0);
		HealthCheck check = cluster.getHealthChecks(0);
		assertThat(check.hasGrpcHealthCheck()).isTrue();
		assertThat(check.getInterval().getSeconds() * check.getUnhealthyThreshold().getValue()
				+ check.getTimeout().getSeconds())
			.as("seconds until a server that announces its end is out")
			.isLessThan(5);
	}

	@Test
	void aMisspelledFieldIsFound() throws Exception {
		String configuration = Files.readString(FILE);
		assertThat(configuration).contains("no_traffic_interval", "stream_idle_timeout");
		assertThatExceptionOfType(InvalidProtocolBufferException.class)
			.isThrownBy(() -> parse(configuration.replace("no_traffic_interval", "no_trafic_interval")))
			.withMessageContaining("no_trafic_interval");
		assertThatExceptionOfType(InvalidProtocolBufferException.class)
			.isThrownBy(() -> parse(configuration.replace("stream_idle_timeout", "stream_timeout")))
			.withMessageContaining("stream_timeout");
	}

	private static Bootstrap parse(String configuration) throws IOException {
		LoaderOptions options = new LoaderOptions();
		options.setAllowDuplicateKeys(false);
		String json = JsonMapper.shared().writeValueAsString(new Yaml(options).load(configuration));
		Bootstrap.Builder bootstrap = Bootstrap.newBuilder();
		JsonFormat.parser()
			.usingTypeRegistry(TypeRegistry.newBuilder()
				.add(HttpConnectionManager.getDescriptor())
				.add(Router.getDescriptor())
				.add(HttpProtocolOptions.getDescriptor())
				.add(PreviousHostsPredicate.getDescriptor())
				.build())
			.merge(json, bootstrap);
		return bootstrap.build();
	}

}
