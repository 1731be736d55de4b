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

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * nginx, which balances calls and learns from its failures only: active health checks are
 * not in its free version.
 */
final class Nginx {

	private Nginx() {
	}

	static Balancer start(List<Replica> replicas) throws IOException {
		int port = Ports.free();
		Path folder = Path.of("benchmarks", "target", "nginx-" + port).toAbsolutePath();
		Files.createDirectories(folder);
		Path config = folder.resolve("nginx.conf");
		Files.writeString(config, config(folder, port, replicas));
		return Balancer.to(port,
				ManagedProcess.start(
						List.of("nginx", "-p", folder.toString(), "-e", "error.log", "-c", config.toString()),
						folder.resolve("nginx.log")));
	}

	private static String config(Path folder, int port, List<Replica> replicas) {
		StringBuilder servers = new StringBuilder();
		replicas.forEach((replica) -> servers.append("    server %s;\n".formatted(replica.address())));
		// One process, so that it dies with its master when the benchmark is killed.
		return """
				daemon off;
				master_process off;
				pid nginx.pid;
				error_log error.log warn;
				events {
				  worker_connections 4096;
				}
				http {
				  access_log off;
				  client_body_temp_path body;
				  proxy_temp_path proxy;
				  fastcgi_temp_path fastcgi;
				  uwsgi_temp_path uwsgi;
				  scgi_temp_path scgi;
				  upstream replicas {
				%s    keepalive 32;
				  }
				  server {
				    listen 127.0.0.1:%d http2;
				    # By default a client's connection is closed after 1000 calls.
				    keepalive_requests 1000000000;
				    http2_max_concurrent_streams 1000;
				    client_max_body_size 0;
				    location / {
				      grpc_pass grpc://replicas;
				      grpc_read_timeout 1h;
				      grpc_send_timeout 1h;
				    }
				  }
				}
				""".formatted(servers, port);
	}

}
