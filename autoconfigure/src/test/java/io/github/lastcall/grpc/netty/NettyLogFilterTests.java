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
package io.github.lastcall.grpc.netty;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.logging.Filter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.LogLimiter;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.github.lastcall.grpc.testing.RogueClient;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Error;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What is left of grpc-java's log. The loggers are the real ones, which other servers in
 * the process filter too.
 */
@Isolated
class NettyLogFilterTests {

	private static final String NETTY = "io.grpc.netty.shaded.io.grpc.netty.";

	private static final String CONNECTIONS = NETTY + "NettyServerTransport.connections";

	private static final String HANDLER = NETTY + "NettyServerHandler";

	private static final String STREAM = NETTY + "NettyServerStream";

	private static final String ON_EXECUTOR = "io.grpc.internal.SerializingExecutor";

	private static final String ON_EVENT_LOOP = "io.grpc.internal.SerializeReentrantCallsDirectExecutor";

	private final AtomicLong now = new AtomicLong(123);

	private final NettyLogFilter filter = new NettyLogFilter(this.now::get);

	private final Recorder recorder = new Recorder();

	private final List<Logger> loggers = List.of(Logger.getLogger(CONNECTIONS), Logger.getLogger(HANDLER),
			Logger.getLogger(STREAM), Logger.getLogger(ON_EXECUTOR), Logger.getLogger(ON_EVENT_LOOP));

	/**
	 * Of contexts that a test run keeps.
	 */
	private final Map<Logger, Filter> filtersOfOthers = new HashMap<>();

	@BeforeEach
	void install() {
		this.loggers.forEach((logger) -> {
			this.filtersOfOthers.put(logger, logger.getFilter());
			logger.setFilter(null);
		});
		this.filter.install();
		this.loggers.forEach((logger) -> {
			assertThat(logger.getFilter()).isSameAs(this.filter);
			logger.setUseParentHandlers(false);
			logger.setLevel(Level.INFO);
			logger.addHandler(this.recorder);
		});
	}

	@AfterEach
	void uninstall() {
		this.filter.uninstall();
		this.loggers.forEach((logger) -> {
			logger.removeHandler(this.recorder);
			logger.setLevel(null);
			logger.setUseParentHandlers(true);
			logger.setFilter(this.filtersOfOthers.get(logger));
		});
	}

	@Test
	void aRecordBecomesOneLineWithoutItsStackTrace() {
		log(HANDLER, "Stream Error", new IllegalStateException("one\r\ntwo\nthree"));
		assertThat(this.recorder.lines).containsExactly("Stream Error: java.lang.IllegalStateException: one two three");
	}

	/**
	 * Those of grpc-java's package that are not the client's.
	 */
	@Test
	void everyLoggerOfTheTransportIsLimited() throws Exception {
		List<String> names = new ArrayList<>();
		String folder = NETTY.replace('.', '/');
		try (JarFile jar = new JarFile(
				NettyServerBuilder.class.getProtectionDomain().getCodeSource().getLocation().getPath())) {
			for (JarEntry entry : Collections.list(jar.entries())) {
				String name = entry.getName();
				if (name.startsWith(folder) && name.endsWith(".class") && !name.contains("NettyClient")) {
					Class<?> type = Class.forName(name.substring(0, name.length() - 6).replace('/', '.'), false,
							getClass().getClassLoader());
					for (Field field : type.getDeclaredFields()) {
						if (field.getType() == Logger.class && Modifier.isStatic(field.getModifiers())) {
							field.setAccessible(true);
							names.add(((Logger) field.get(null)).getName());
						}
					}
				}
			}
		}
		assertThat(names).contains(HANDLER)
			.allSatisfy((name) -> assertThat(Logger.getLogger(name).getFilter()).as(name).isSameAs(this.filter));
	}

	@Test
	void whatWasRefusedIsLeftOutAndWhatIsTheServersFaultIsNot() {
		log(HANDLER, "Connection Error", Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "refused"));
		log(CONNECTIONS, "Transport failed", Http2Exception.connectionError(Http2Error.PROTOCOL_ERROR, "garbage"));
		log(STREAM, "Exception processing message", Status.RESOURCE_EXHAUSTED.asRuntimeException());
		assertThat(this.recorder.lines).isEmpty();
		log(STREAM, "Exception processing message", Status.INTERNAL.asRuntimeException());
		assertThat(this.recorder.lines).singleElement().asString().endsWith("INTERNAL");
		this.recorder.lines.clear();
		log(HANDLER, "Connection Error", Http2Exception.connectionError(Http2Error.INTERNAL_ERROR, "bug"));
		assertThat(this.recorder.lines).singleElement().asString().startsWith("Connection Error: ").endsWith(": bug");
	}

	@Test
	void exceptionsOfHandlersAreUntouchedHoweverManyThereAre() {
		RuntimeException failure = new IllegalStateException("handler");
		for (String logger : List.of(ON_EXECUTOR, ON_EVENT_LOOP)) {
			for (int i = 0; i < 2 * LogLimiter.LINES; i++) {
				log(logger, "Exception while executing runnable", failure);
			}
			log(logger, "Exception while executing runnable",
					Status.INTERNAL.withDescription("the handler's own").asRuntimeException());
		}
		assertThat(this.recorder.records).hasSize(4 * LogLimiter.LINES + 2)
			.allSatisfy((record) -> assertThat(record.getThrown()).isNotNull())
			.allSatisfy((record) -> assertThat(record.getMessage()).isEqualTo("Exception while executing runnable"));
	}

	@Test
	void aMessageThatCannotBeParsedIsNoExceptionOfAHandler() {
		for (String logger : List.of(ON_EXECUTOR, ON_EVENT_LOOP)) {
			for (String description : List.of("Invalid protobuf byte sequence",
					"Decompressed gRPC message exceeds maximum size 4194304")) {
				log(logger, "Exception", Status.CANCELLED.withDescription(description).asRuntimeException());
			}
		}
		assertThat(this.recorder.records).hasSize(4).allSatisfy((record) -> assertThat(record.getThrown()).isNull());
	}

	@Test
	void thereAreOnlySoManyLinesInAWindowAndTheNextOneTellsOfTheOthers() {
		for (int i = 0; i < 3 * LogLimiter.LINES; i++) {
			log((i % 2 == 0) ? HANDLER : CONNECTIONS, "line " + i, null);
		}
		assertThat(this.recorder.lines).hasSize(LogLimiter.LINES).endsWith("line 9");
		this.now.addAndGet(LogLimiter.WINDOW.toNanos() - 1);
		log(HANDLER, "too early", null);
		assertThat(this.recorder.lines).hasSize(LogLimiter.LINES);
		this.now.incrementAndGet();
		log(HANDLER, "next", null);
		log(HANDLER, "after", null);
		assertThat(this.recorder.lines).hasSize(LogLimiter.LINES + 2)
			.endsWith("next (21 lines omitted before)", "after");
	}

	@Test
	void whatIsRefusedDoesNotUseUpTheLines() {
		for (int i = 0; i < 100; i++) {
			log(HANDLER, "Connection Error", Http2Exception.connectionError(Http2Error.PROTOCOL_ERROR, "garbage"));
		}
		log(HANDLER, "line", null);
		assertThat(this.recorder.lines).containsExactly("line");
	}

	@Test
	void atDebugEverythingPassesAsItIs() {
		Logger.getLogger(HANDLER).setLevel(Level.FINE);
		for (int i = 0; i < 2 * LogLimiter.LINES; i++) {
			log(HANDLER, "Connection Error", Http2Exception.connectionError(Http2Error.PROTOCOL_ERROR, "garbage"));
		}
		log(CONNECTIONS, "Transport failed", Http2Exception.connectionError(Http2Error.PROTOCOL_ERROR, "garbage"));
		assertThat(this.recorder.records).hasSize(2 * LogLimiter.LINES)
			.allSatisfy((record) -> assertThat(record.getThrown()).isNotNull());
	}

	@Test
	void afterwardsTheLoggersAreAsTheyWere() {
		this.filter.uninstall();
		assertThat(this.loggers).allSatisfy((logger) -> assertThat(logger.getFilter()).isNull());
		log(HANDLER, "Connection Error", Http2Exception.connectionError(Http2Error.PROTOCOL_ERROR, "garbage"));
		assertThat(this.recorder.records).hasSize(1);
	}

	@Test
	void severalContextsFilterWithOneBudgetAndTheLastOneThatCloses() {
		NettyLogFilter other = new NettyLogFilter(this.now::get);
		NettyLogFilter third = new NettyLogFilter(this.now::get);
		other.install();
		third.install();
		for (int i = 0; i < 3 * LogLimiter.LINES; i++) {
			log(HANDLER, "line " + i, null);
		}
		assertThat(this.recorder.lines).hasSize(LogLimiter.LINES);
		this.filter.uninstall();
		third.uninstall();
		log(HANDLER, "Connection Error", Http2Exception.connectionError(Http2Error.PROTOCOL_ERROR, "garbage"));
		assertThat(this.recorder.lines).hasSize(LogLimiter.LINES);
		other.uninstall();
		assertThat(this.loggers).allSatisfy((logger) -> assertThat(logger.getFilter()).isNull());
	}

	@Test
	void aServerFiltersUntilItsLastConnectionHasEnded() throws Exception {
		this.filter.uninstall();
		NettyGuardedTransport transport = new NettyGuardedTransport("filtered", 1,
				new ConnectionLimits(0, Duration.ofSeconds(10), 0, new InboundMemory(Long.MAX_VALUE)),
				new Refusals("filtered", new ManualServerTimer()));
		NettyServerBuilder builder = NettyServerBuilder.forPort(0);
		transport.applyTo(builder);
		Server server = builder.build().start();
		RogueClient client = RogueClient.connect(server.getPort());
		try {
			client.preface().settle();
			transport.destroy();
			assertThat(this.loggers).allSatisfy((logger) -> assertThat(logger.getFilter()).isNotNull());
		}
		finally {
			client.close();
			server.shutdownNow();
		}
		await().atMost(Duration.ofSeconds(60))
			.until(() -> this.loggers.stream().allMatch((logger) -> logger.getFilter() == null));
	}

	@Test
	void aFilterOfSomebodyElseStays() {
		this.filter.uninstall();
		Filter other = (record) -> true;
		Logger.getLogger(HANDLER).setFilter(other);
		try {
			this.filter.install();
			assertThat(Logger.getLogger(HANDLER).getFilter()).isSameAs(other);
			assertThat(Logger.getLogger(CONNECTIONS).getFilter()).isSameAs(this.filter);
			this.filter.uninstall();
			assertThat(Logger.getLogger(HANDLER).getFilter()).isSameAs(other);
		}
		finally {
			Logger.getLogger(HANDLER).setFilter(null);
		}
	}

	private static void log(String logger, String message, @Nullable Throwable thrown) {
		LogRecord record = new LogRecord(Level.WARNING, message);
		record.setLoggerName(logger);
		record.setThrown(thrown);
		Logger.getLogger(logger).log(record);
	}

	private static final class Recorder extends Handler {

		private final List<LogRecord> records = new ArrayList<>();

		private final List<String> lines = new ArrayList<>();

		@Override
		public void publish(LogRecord record) {
			this.records.add(record);
			this.lines.add(record.getMessage());
		}

		@Override
		public void flush() {
		}

		@Override
		public void close() {
		}

	}

}
