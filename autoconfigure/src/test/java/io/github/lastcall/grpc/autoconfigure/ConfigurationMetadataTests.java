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

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import com.jayway.jsonpath.DocumentContext;
import com.jayway.jsonpath.JsonPath;
import org.junit.jupiter.api.Test;

import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.core.io.UrlResource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What an IDE shows of the properties.
 */
class ConfigurationMetadataTests {

	private static final String PREFIX = "grpc.server";

	private final Map<String, Map<String, Object>> metadata = metadata();

	private final Map<String, RecordComponent> properties = new LinkedHashMap<>();

	ConfigurationMetadataTests() throws IOException {
		collect(PREFIX, GrpcServerProperties.class);
	}

	@Test
	void everyPropertyIsInTheMetadataAndNothingElse() {
		assertThat(this.properties).containsKeys("grpc.server.port", "grpc.server.shutdown.grace-period");
		assertThat(this.metadata.keySet()).containsExactlyInAnyOrderElementsOf(this.properties.keySet());
	}

	@Test
	void everyPropertyHasADescription() {
		assertThat(this.metadata).isNotEmpty()
			.allSatisfy((name, property) -> assertThat(property.get("description")).as(name)
				.asString()
				.hasSizeGreaterThan(15)
				.matches("[A-Z0-9].*\\."));
	}

	@Test
	void everyPropertyHasAType() {
		assertThat(this.metadata)
			.allSatisfy((name, property) -> assertThat(property.get("type")).as(name).asString().isNotBlank());
	}

	@Test
	void everyDefaultValueIsInTheMetadata() {
		this.properties.forEach((name, component) -> {
			DefaultValue defaultValue = component.getAccessor().getAnnotation(DefaultValue.class);
			if (defaultValue == null) {
				defaultValue = component.getAnnotation(DefaultValue.class);
			}
			Map<String, Object> property = this.metadata.get(name);
			assertThat(property).as(name).isNotNull();
			if (defaultValue != null && defaultValue.value().length == 1) {
				assertThat(property.get("defaultValue")).as(name).hasToString(defaultValue.value()[0]);
			}
		});
	}

	@Test
	void theDefaultsAreTheDocumentedOnes() {
		assertThat(this.metadata.get("grpc.server.enabled")).containsEntry("defaultValue", true);
		assertThat(this.metadata.get("grpc.server.port")).containsEntry("defaultValue", 9090);
		assertThat(this.metadata.get("grpc.server.reflection.enabled")).containsEntry("defaultValue", true);
		assertThat(this.metadata.get("grpc.server.shutdown.grace-period")).containsEntry("defaultValue", "20s");
		assertThat(this.metadata.get("grpc.server.shutdown.force-timeout")).containsEntry("defaultValue", "2s");
	}

	private void collect(String prefix, Class<?> type) {
		for (RecordComponent component : type.getRecordComponents()) {
			String name = prefix + "." + dashed(component.getName());
			assertThat(ConfigurationPropertyName.isValid(name)).isTrue();
			if (component.getType().isRecord() && component.getType().getNestHost() == GrpcServerProperties.class) {
				collect(name, component.getType());
			}
			else {
				this.properties.put(name, component);
			}
		}
	}

	private static String dashed(String name) {
		return name.replaceAll("([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT);
	}

	private static Map<String, Map<String, Object>> metadata() throws IOException {
		// The module's own file, not one of the dependencies'.
		String classes = GrpcServerProperties.class.getProtectionDomain().getCodeSource().getLocation().toString();
		try (InputStream json = new UrlResource(classes + "META-INF/spring-configuration-metadata.json")
			.getInputStream()) {
			DocumentContext document = JsonPath.parse(json);
			List<Map<String, Object>> properties = new ArrayList<>(document.read("$.properties"));
			Map<String, Map<String, Object>> byName = new LinkedHashMap<>();
			// Those of Actuator's endpoints and indicators are Actuator's.
			properties.stream()
				.filter((property) -> !String.valueOf(property.get("name")).startsWith("management."))
				.forEach((property) -> byName.put((String) property.get("name"), property));
			return byName;
		}
	}

}
