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
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import com.jayway.jsonpath.JsonPath;
import io.github.lastcall.grpc.testing.TestsProperty;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.ReflectionSupport;

import org.springframework.util.Assert;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whatever a user can configure is in the metadata with a description and a default, in
 * the documentation, and in a test that shows what it does.
 */
class ConfigurationDocumentationTests {

	private static final Path DOCUMENTATION = Path.of("../docs/configuration.md");

	private static final String BEGIN = "<!-- properties -->\n";

	private static final String END = "<!-- end of properties -->\n";

	private static final Pattern DEFAULTS_TO = Pattern.compile(" Defaults to (.+)\\.$");

	private final List<Property> properties = properties();

	@Test
	void everyPropertyHasADescriptionThatIsASentence() {
		assertThat(this.properties).hasSizeGreaterThan(20)
			.allSatisfy((property) -> assertThat(property.description()).as(property.name()).matches("[A-Z\"].*\\."));
	}

	/**
	 * If it fails, put what it expects between the two comments: that is also in
	 * {@code target/configuration.md}.
	 */
	@Test
	void theDocumentationHasEveryPropertyWithItsDefaultAndNoOther() throws IOException {
		String expected = this.properties.stream().map(Property::row).collect(Collectors.joining());
		expected = "\n| property | default | |\n| --- | --- | --- |\n" + expected + "\n";
		Files.writeString(Path.of("target/configuration.md"), expected);
		String documentation = Files.readString(DOCUMENTATION);
		assertThat(documentation).contains(BEGIN, END);
		assertThat(documentation.substring(documentation.indexOf(BEGIN) + BEGIN.length(), documentation.indexOf(END)))
			.isEqualTo(expected);
	}

	@Test
	void everyPropertyHasOneDefault() {
		assertThat(this.properties)
			.allSatisfy((property) -> assertThat(property.defaultValue().isEmpty()).as(property.name())
				.isNotEqualTo(property.defaultsTo() == null));
	}

	/**
	 * A default that is no constant is a sentence of the description.
	 */
	@Test
	void aDescriptionHasItsDefaultInOneFormOnly() {
		assertThat(this.properties)
			.allSatisfy((property) -> assertThat(property.descriptionWithoutDefault()).as(property.name())
				.doesNotContainIgnoringCase("defaults to"));
	}

	@Test
	void everyPropertyHasATestThatShowsItsEffect() {
		Set<String> tested = new TreeSet<>();
		for (Class<?> type : ReflectionSupport.findAllClassesInPackage("io.github.lastcall.grpc", (candidate) -> true,
				(name) -> name.matches(".*(Tests|IT)(\\$.*)?"))) {
			for (Method method : type.getDeclaredMethods()) {
				TestsProperty tests = method.getAnnotation(TestsProperty.class);
				if (tests != null) {
					assertThat(AnnotationSupport.isAnnotated(method, Testable.class)).as(method.toString()).isTrue();
					tested.addAll(List.of(tests.value()));
				}
			}
		}
		assertThat(tested).containsExactlyElementsOf(this.properties.stream().map(Property::name).toList());
	}

	private static List<Property> properties() {
		try (InputStream metadata = GrpcServerProperties.class
			.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
			Assert.state(metadata != null, "No metadata");
			List<Map<String, Object>> all = JsonPath.parse(metadata).read("$.properties");
			List<Property> properties = new ArrayList<>();
			for (Map<String, Object> one : all) {
				properties.add(new Property(String.valueOf(one.get("name")),
						String.valueOf(one.getOrDefault("defaultValue", "")),
						String.valueOf(one.getOrDefault("description", ""))));
			}
			properties.sort(Comparator.comparing(Property::name));
			return properties;
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private record Property(String name, String defaultValue, String description) {

		/**
		 * What the description says of a default that is no constant.
		 */
		@Nullable String defaultsTo() {
			Matcher matcher = DEFAULTS_TO.matcher(this.description);
			return matcher.find() ? matcher.group(1) : null;
		}

		String descriptionWithoutDefault() {
			return DEFAULTS_TO.matcher(this.description).replaceFirst("");
		}

		String row() {
			String defaultsTo = defaultsTo();
			return "| `%s` | %s | %s |\n".formatted(this.name,
					(defaultsTo != null) ? defaultsTo : "`" + this.defaultValue + "`",
					descriptionWithoutDefault().replace("|", "\\|"));
		}

	}

}
