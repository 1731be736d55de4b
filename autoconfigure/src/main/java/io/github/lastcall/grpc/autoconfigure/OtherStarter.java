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

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.util.Assert;
import org.springframework.util.StringUtils;

/**
 * Another starter for gRPC servers: the properties and types that an application may
 * still use, and their replacements. Read from a resource, against which a test checks
 * the tables of {@code docs/migration.md}.
 *
 * @param name the name of the starter
 * @param prefix the prefix of its properties
 * @param properties its properties, of which the first match is used
 * @param types its annotations and the types of its beans
 */
record OtherStarter(String name, String prefix, List<Property> properties, List<Type> types) {

	private static final String RESOURCE = "/META-INF/lastcall/other-starters.txt";

	static List<OtherStarter> all() {
		List<OtherStarter> starters = new ArrayList<>();
		try (InputStream resource = OtherStarter.class.getResourceAsStream(RESOURCE)) {
			Assert.state(resource != null, () -> "No resource " + RESOURCE);
			new BufferedReader(new InputStreamReader(resource, StandardCharsets.UTF_8)).lines()
				.filter((line) -> !line.isEmpty() && !line.startsWith("#"))
				.map(Row::of)
				.forEach((row) -> row.addTo(starters));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return starters;
	}

	/**
	 * A line of the resource.
	 */
	private record Row(List<String> columns) {

		private static final String FAILS = "fails";

		static Row of(String line) {
			return new Row(List.of(StringUtils.tokenizeToStringArray(line, "|", true, false)));
		}

		void addTo(List<OtherStarter> starters) {
			String kind = column(0);
			String name = column(1);
			boolean fails = column(2).equals(FAILS);
			if (kind.equals("starter")) {
				starters.add(new OtherStarter(name, column(2), new ArrayList<>(), new ArrayList<>()));
				return;
			}
			OtherStarter starter = starters.get(starters.size() - 1);
			if (kind.equals("property")) {
				starter.properties.add(new Property(name, fails, list(3), list(4), column(5), column(6)));
			}
			else {
				starter.types.add(new Type(name, kind.equals("annotation"), fails, column(3), column(6)));
			}
		}

		private String column(int index) {
			return (index < this.columns.size()) ? this.columns.get(index) : "";
		}

		private List<String> list(int index) {
			return List.of(StringUtils.tokenizeToStringArray(column(index), ","));
		}

	}

	/**
	 * A property of another starter. Empty values mean that it has none.
	 *
	 * @param name the full name, which ends with {@code .*} for all properties with a
	 * prefix
	 * @param security whether calls are less protected without it
	 * @param instead the properties to set instead
	 * @param unless values that are the same as the behavior without the property
	 * @param enabledBy the property that disables this one if it is {@code false}
	 * @param note further advice, in sentences
	 */
	record Property(String name, boolean security, List<String> instead, List<String> unless, String enabledBy,
			String note) {

		private static final String ANY = ".*";

		boolean matches(ConfigurationPropertyName name) {
			return isPrefix() ? ConfigurationPropertyName.of(prefix()).isAncestorOf(name)
					: ConfigurationPropertyName.of(this.name).equals(name);
		}

		boolean matchesVariable(String variable) {
			String letters = KnownProperties.letters(variable);
			return isPrefix() ? letters.startsWith(KnownProperties.letters(prefix()))
					: letters.equals(KnownProperties.letters(this.name));
		}

		private boolean isPrefix() {
			return this.name.endsWith(ANY);
		}

		private String prefix() {
			return this.name.substring(0, this.name.length() - ANY.length());
		}

		String advice() {
			return OtherStarter.advice("set ", String.join(" and ", this.instead), this.note);
		}

	}

	/**
	 * An annotation of another starter, or a type of beans that it uses. Empty values
	 * mean that it has none.
	 *
	 * @param name the full name of the class
	 * @param annotation whether beans are annotated with it
	 * @param fails whether to fail the start instead of warning
	 * @param instead the class to use instead
	 * @param note further advice, in sentences
	 */
	record Type(String name, boolean annotation, boolean fails, String instead, String note) {

		/**
		 * Returns whether the annotation has a counterpart of the same name in Last Call.
		 */
		boolean isImport() {
			return this.annotation && !this.instead.isEmpty();
		}

		String advice() {
			return OtherStarter.advice("use ", this.instead, this.note);
		}

	}

	private static String advice(String verb, String instead, String note) {
		List<String> parts = new ArrayList<>();
		if (!instead.isEmpty()) {
			parts.add(verb + instead);
		}
		if (!note.isEmpty()) {
			parts.add(note.substring(0, note.length() - 1));
		}
		return String.join(". ", parts);
	}

}
