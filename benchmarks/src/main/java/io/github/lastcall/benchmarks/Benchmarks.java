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

import java.util.Arrays;

/**
 * The entry point: the name of a benchmark and its options.
 */
public final class Benchmarks {

	private Benchmarks() {
	}

	/**
	 * Run a benchmark.
	 * @param args the name of the benchmark, and options
	 */
	public static void main(String[] args) throws Exception {
		System.setProperty("java.awt.headless", "true");
		String name = (args.length > 0) ? args[0] : "";
		Options options = new Options(Arrays.asList(args).subList(Math.min(1, args.length), args.length));
		switch (name) {
			case "roll" -> new RollingRestart(options).run();
			case "health" -> new HealthBenchmark(options).run();
			case "exit" -> new ExitBenchmark(options).run();
			case "limits" -> new LimitsBenchmark(options).run();
			case "compare" -> new CompareBenchmark(options).run();
			case "security" -> CompareBenchmark.security(options).run();
			case "executors" -> new ExecutorBenchmark(options).run();
			case "blocked" -> new BlockedBenchmark(options).run();
			case "overload" -> new OverloadBenchmark(options).run();
			case "startup" -> new StartupBenchmark(options).run();
			case "growth" -> new GrowthBenchmark(options).run();
			case "profile" -> new ProfileBenchmark(options).run();
			case "speed" -> {
				new CompareBenchmark(options).run();
				new ExecutorBenchmark(options).run();
				new BlockedBenchmark(options).run();
				new StartupBenchmark(options).run();
				new GrowthBenchmark(options).run();
				new ProfileBenchmark(options).run();
			}
			default -> {
				System.err.println(
						"""
								Usage: java -jar benchmarks/target/lastcall-benchmarks.jar <benchmark> [options]

								roll    rolls three replicas of each server under load and counts the calls that fail
								  --servers lastcall,lastcall-no-delay,plain,boot   also lastcall-no-grace,
								                                                    netdevh,lognet,armeria,armeria-no-delay
								  --balancers l4,l7,nginx,client,python             all of them before the same replicas
								  --calls unary-5ms,unary-2s,server-stream,bidi-stream   also unary-100ms
								  --connections long,short
								  --rolls 1   --rate 300 (unary calls per second and balancer)   --streams 20 (per kind and balancer)
								  --gap 6 (seconds that an address is dead)   --settle 8 (seconds between replicas)
								health  measures Check, Watch and the heap of watchers
								  --rounds 15   --seconds 2   --watchers 1,1000,10000   --connections 100
								exit    measures the time from SIGTERM to exit
								  --servers lastcall,lastcall-5s,plain,boot,...   --runs 3
								limits  measures what a connection, a call and a reset cost, and what honest clients need
								  --connections 5000   --seconds 10   --handshakes-at-once 64
								speed   all that follows, one after the other
								compare measures throughput, latency, and what a call costs, of servers side by side
								  --servers plain,lastcall,boot,...   NAME@JDK runs it on that JDK
								  --calls unary,unary-64k,stream,ping-pong
								security    the same of servers whose callers have tokens, and of those without
								executors   the same of Last Call on every kind of executor
								compare, security and executors:
								  --rounds 7 (5 of executors, and one more that does not count)   --seconds 1.8 (of a round)
								  --warmup 8 (seconds for each server and load)   --pairs lastcall/plain,... (of compare)
								blocked lets very many calls block at once
								  --servers lastcall-virtual@JDK   --calls 10000   --millis 1000   --connections 20   --runs 5
								overload offers calls at a rate that does not depend on answers
								  --tables default,overload,retries   also maximum: rates for the choice of Last Call's maximum
								  --servers lastcall,plain,boot,armeria-blocking   --runs 3   --warmup 5 (seconds)
								  default and maximum: --rates block-100ms@1500,...   handlers compute-5us, block-20ms, mix, ...
								                       --default-seconds 8 (of a rate)
								  overload and retries: --handlers block-100ms,compute-1ms   --factors 1,2,5 (of the capacity)
								                        --seconds 30 (of a point)   --capacity-seconds 3   --recovery-seconds 5
								                        --load-warmup 15 (seconds of the greatest factor, before all that counts)
								startup measures process start to first answered call
								  --servers application,lastcall,boot,netdevh,lognet,armeria,plain   --runs 15
								  --cds false (true: each with an archive of its classes)
								growth  measures more and more services, connections, watchers, calls in flight
								  --of services,connections,watchers,in-flight
								  --services 1,100,1000   --connections 1,1000,10000   --watchers 1,10,100,1000,10000
								  --in-flight 1,16,256,4096   --runs 5 (starts)   --drains 3   --flips 15
								profile shows where processor time and bytes of a call go, and the processor time of a start
								  --of cpu,alloc,start   --servers plain-direct,lastcall-direct,armeria,plain,lastcall
								  --calls unary   --seconds 10   --starts application,lastcall,boot   --runs 10

								All: --out benchmarks/results (and from compare on, the date)
								From compare on: --java JDK=HOME,... names more JDKs
								  and a server is [NAME=]KIND[@JDK][+PROPERTY=VALUE][+-JVMOPTION][+/CLASSES]...
								  where CLASSES are those of another build of Last Call""");
				System.exit(2);
			}
		}
		// Channels and timers that are still open must not keep the process.
		System.exit(0);
	}

}
