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
package io.github.lastcall.grpc.attack;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What is special about the server of one attack, or about what it bears. Without it a
 * server has Last Call's defaults and a heap of 256 MiB.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@interface AttackedServer {

	/**
	 * Size of the heap, as in {@code -Xmx}.
	 */
	String heap() default "256m";

	/**
	 * Options of the Java virtual machine.
	 */
	String[] options() default {};

	/**
	 * Arguments of the application, such as {@code --grpc.server.port=0}.
	 */
	String[] arguments() default {};

	/**
	 * Whether the attack leaves connections to others. If it does not, there is no honest
	 * client that opens a connection for each call.
	 */
	boolean acceptsConnections() default true;

}
