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

package io.github.lastcall.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The parts of a server that samples are counted for.
 */
final class ServerParts {

	private static final String JDK = "JDK, kernel, others";

	/**
	 * The first that fits.
	 */
	private static final Map<String, String> PACKAGES = new LinkedHashMap<>();
	static {
		PACKAGES.put("io/github/lastcall/benchmarks/", "handler");
		PACKAGES.put("io/github/lastcall/", "Last Call");
		PACKAGES.put("io/micrometer/", "Micrometer");
		PACKAGES.put("io/grpc/netty/shaded/io/netty/handler/codec/http2/", "HTTP/2 codec");
		PACKAGES.put("io/netty/handler/codec/http2/", "HTTP/2 codec");
		PACKAGES.put("io/grpc/netty/shaded/io/grpc/", "grpc-java");
		PACKAGES.put("io/grpc/netty/shaded/", "Netty");
		PACKAGES.put("io/netty/", "Netty");
		PACKAGES.put("io/grpc/", "grpc-java");
		PACKAGES.put("com/linecorp/armeria/", "Armeria");
		PACKAGES.put("com/google/protobuf/", "protobuf");
		PACKAGES.put("org/springframework/", "Spring");
	}

	private ServerParts() {
	}

	/**
	 * The part that the innermost frame of a known package belongs to, or the thread if
	 * it is one of the JVM's own.
	 * @param stack a thread, and its frames from the outermost to the innermost
	 */
	static String of(String[] stack) {
		if (stack[0].contains("CompilerThre")) {
			return "JIT compiler";
		}
		if (stack[0].contains("GC Thread") || stack[0].startsWith("[G1") || stack[0].startsWith("[G ")) {
			return "garbage collector";
		}
		for (int i = stack.length - 1; i > 0; i--) {
			if (isSystemCall(stack[i])) {
				return "reading and writing sockets, waiting";
			}
			for (Map.Entry<String, String> entry : PACKAGES.entrySet()) {
				// The class of an allocated object is no frame.
				if (stack[i].startsWith(entry.getKey()) && !stack[i].endsWith("_[i]") && !stack[i].endsWith("_[k]")
						&& stack[i].contains(".")) {
					return entry.getValue();
				}
			}
		}
		return JDK;
	}

	private static boolean isSystemCall(String frame) {
		return frame.contains("netty/channel/epoll/Native.epoll") || frame.contains("netty/channel/unix/Socket.")
				|| frame.contains("netty/channel/unix/FileDescriptor.") || frame.contains("netty_unix_socket")
				|| frame.contains("netty_epoll_native") || frame.contains("netty/channel/epoll/Native.eventFdWrite");
	}

	/**
	 * What a thread does at the start of an application.
	 * @param stack a thread, and its frames from the outermost to the innermost
	 */
	static String ofStart(String[] stack) {
		String part = of(stack);
		if (part.equals("JIT compiler") || part.equals("garbage collector")) {
			return part;
		}
		return (stack[0].startsWith("[main") || stack[0].startsWith("[DestroyJavaVM")) ? "main thread"
				: "other threads";
	}

}
