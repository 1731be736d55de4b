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

package io.github.lastcall.grpc.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Serves the application of a test in the process, without a port, whatever its web
 * environment. Without this annotation, the server of a {@code @SpringBootTest} follows
 * the web environment: in the process for {@code MOCK} and {@code NONE}, on a free port
 * for {@code RANDOM_PORT}, and on the configured port for {@code DEFINED_PORT}.
 * <p>
 * The same interceptors, errors, validation and limits apply as on the network. The name
 * of the server is generated for each application context.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
public @interface AutoConfigureGrpcInProcess {

	/**
	 * Whether to serve the application in the process. If false, the server listens as
	 * the application configures it.
	 * @return whether to serve the application in the process
	 */
	boolean enabled() default true;

}
