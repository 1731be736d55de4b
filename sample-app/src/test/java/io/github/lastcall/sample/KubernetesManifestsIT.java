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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.sample.process.Tools;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The manifests of {@code deploy/kubernetes} against the schema of Kubernetes' API, which
 * npm's {@code kubernetes-types} has: TypeScript's compiler finds fields that do not
 * exist, are missing, or have a value of another type.
 */
@Tag("full")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class KubernetesManifestsIT {

	private static final Path MANIFEST = BalancerProcess.DEPLOY.resolve("kubernetes").resolve("route-guide.yaml");

	/**
	 * Each is a line of the manifest, and what a tired human makes of it.
	 */
	private static final Map<String, String> MISTAKES = Map.of("terminationGracePeriodSeconds: 30",
			"terminationGracePeriod: 30", "replicas: 3", "replicas: three", "service: liveness",
			"serviceName: liveness", "maxUnavailable: 1", "maxUnavailble: 1", "clusterIP: None", "clusterIp: None",
			"kind: Deployment", "kind: ReplicaSet");

	@Test
	void theManifestFitsTheSchemaAndOneWithAMistakeDoesNot(@TempDir Path directory) throws Exception {
		String manifest = Files.readString(MANIFEST);
		Path right = directory.resolve("right.ts");
		writeTypeScript(right, manifest);
		Tools.Result result = compile(List.of(right));
		assertThat(result.exit()).as(result.output()).isZero();

		List<Path> wrong = new ArrayList<>();
		for (Map.Entry<String, String> mistake : MISTAKES.entrySet()) {
			assertThat(manifest).contains(mistake.getKey());
			Path file = directory.resolve(mistake.getValue().replaceAll("\\W+", "-") + ".ts");
			writeTypeScript(file, manifest.replaceFirst(mistake.getKey(), mistake.getValue()));
			wrong.add(file);
		}
		result = compile(wrong);
		assertThat(result.exit()).isNotZero();
		String errors = result.output();
		assertThat(wrong).allSatisfy((file) -> assertThat(errors).contains(file.getFileName() + "("));
	}

	/**
	 * A manifest in TypeScript: one typed constant for each of its documents.
	 */
	private static void writeTypeScript(Path file, String manifest) throws IOException {
		LoaderOptions options = new LoaderOptions();
		options.setAllowDuplicateKeys(false);
		StringBuilder source = new StringBuilder();
		Path types = Tools.nodeModule("kubernetes-types");
		int number = 0;
		for (Object document : new Yaml(options).loadAll(manifest)) {
			Map<?, ?> resource = (Map<?, ?>) document;
			String version = String.valueOf(resource.get("apiVersion"));
			Path module = types.resolve(version.contains("/") ? version : "core/" + version);
			source.append("export const resource%d: import(\"%s\").%s = %s;%n".formatted(++number, module,
					resource.get("kind"), JsonMapper.shared().writeValueAsString(resource)));
		}
		Files.writeString(file, source);
	}

	private static Tools.Result compile(List<Path> files) {
		List<String> command = new ArrayList<>(List.of(Tools.tsc(), "--noEmit", "--strict", "--pretty", "false",
				"--module", "esnext", "--moduleResolution", "bundler"));
		files.forEach((file) -> command.add(file.toString()));
		return Tools.run(command.toArray(String[]::new));
	}

}
