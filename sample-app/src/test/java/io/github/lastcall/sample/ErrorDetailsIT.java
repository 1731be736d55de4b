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

import java.util.Base64;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import com.google.rpc.ErrorInfo;
import io.github.lastcall.sample.process.Tools;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/**
 * What other people's clients see of calls that fail: of one that breaks a rule, and of
 * one whose exception is mapped, because the database is away.
 */
@Tag("full")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ErrorDetailsIT {

	private static SampleProcess sample;

	@BeforeAll
	static void start() throws Exception {
		sample = SampleProcess.start("--spring.datasource.url=jdbc:postgresql://127.0.0.1:1/away",
				"--spring.sql.init.mode=never", "--spring.datasource.hikari.connection-timeout=250");
	}

	@AfterAll
	static void stop() {
		sample.close();
	}

	@Test
	void bufDecodesThem() throws Exception {
		String invalid = buf("{\"latitude\": 900000001}");
		assertThat(invalid).contains("\"code\": \"invalid_argument\"");
		assertThat(BadRequest.parseFrom(detail(invalid, "google.rpc.BadRequest")).getFieldViolationsList())
			.extracting(FieldViolation::getField, FieldViolation::getReason)
			.containsExactly(tuple("latitude", "int32.gte_lte"));
		String unavailable = buf("{}");
		assertThat(unavailable).contains("\"code\": \"unavailable\"", "google.rpc.RetryInfo")
			.doesNotContain("postgresql");
		assertThat(ErrorInfo.parseFrom(detail(unavailable, "google.rpc.ErrorInfo")))
			.isEqualTo(ErrorInfo.newBuilder().setReason("DATABASE_UNAVAILABLE").setDomain("routeguide").build());
	}

	private static byte[] detail(String output, String type) {
		Matcher detail = Pattern.compile("\"type\": \"" + type + "\",\\s+\"value\": \"([^\"]+)\"").matcher(output);
		assertThat(detail.find()).as(output).isTrue();
		return Base64.getDecoder().decode(detail.group(1));
	}

	private static String buf(String request) {
		Tools.Result result = Tools.run(Tools.buf(), "curl", "--http2-prior-knowledge", "--protocol", "grpc", "-d",
				request, "http://localhost:" + sample.grpcPort() + "/routeguide.RouteGuide/GetFeature");
		assertThat(result.exit()).as(result.output()).isNotZero();
		return result.output();
	}

	@Test
	void pythonDecodesThem() {
		Tools.Result result = Tools.run(Tools.pythonWithGrpc(), "src/test/python/error_details_client.py",
				Integer.toString(sample.grpcPort()));
		assertThat(result.output().lines()).containsExactly(
				"INVALID_ARGUMENT|google.rpc.BadRequest|latitude|must be greater than or equal to -900000000 "
						+ "and less than or equal to 900000000|int32.gte_lte",
				"UNAVAILABLE|google.rpc.ErrorInfo|DATABASE_UNAVAILABLE|routeguide", "UNAVAILABLE|google.rpc.RetryInfo");
	}

}
