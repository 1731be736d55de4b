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

import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Metadata that the injected {@link GrpcStub @GrpcStub} stubs and channels send with each
 * call, such as the credentials of a user:
 *
 * <pre class="code">
 * &#064;Test
 * &#064;WithGrpcMetadata("authorization=Bearer 4711")
 * void ownerMayRename(&#064;GrpcStub MapsGrpc.MapsBlockingStub maps) { ... }
 * </pre>
 *
 * On a class, it applies to all stubs of its tests, including those of nested classes; on
 * a test method, to the stubs of that test; on a field or parameter, to that stub. An
 * entry replaces those of the same name further out. In a test class with one instance
 * for all methods whose methods run in parallel, use parameters instead of fields.
 */
@Target({ ElementType.TYPE, ElementType.METHOD, ElementType.FIELD, ElementType.PARAMETER, ElementType.ANNOTATION_TYPE })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@ExtendWith(GrpcStubExtension.class)
public @interface WithGrpcMetadata {

	/**
	 * Entries in the form {@code name=value}. The value of a name that ends with
	 * {@code -bin} is Base64.
	 * @return the entries
	 */
	String[] value();

}
