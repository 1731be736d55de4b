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
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Injects a stub that calls the server of the test into a field or a parameter:
 *
 * <pre class="code">
 * &#064;GrpcStub
 * RouteGuideGrpc.RouteGuideBlockingStub routeGuide;
 * </pre>
 *
 * Every generated stub works (blocking, blocking V2, future, asynchronous, Kotlin and
 * Reactor), and {@link io.grpc.Channel} and {@link io.grpc.ManagedChannel} do. The
 * channel is shared by all tests of an application context and closed with it: a test
 * must not shut it down.
 *
 * @see WithGrpcMetadata
 */
@Target({ ElementType.FIELD, ElementType.PARAMETER, ElementType.ANNOTATION_TYPE })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@ExtendWith(GrpcStubExtension.class)
public @interface GrpcStub {

}
