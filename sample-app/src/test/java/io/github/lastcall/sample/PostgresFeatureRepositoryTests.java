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

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import javax.sql.DataSource;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

import org.springframework.boot.sql.autoconfigure.init.SqlInitializationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.util.Assert;

import static org.assertj.core.api.Assertions.assertThat;

@EnabledIf(value = "io.github.lastcall.sample.PostgresServer#isInstalled",
		disabledReason = "PostgreSQL is not installed: no initdb and pg_ctl in /usr/lib/postgresql/*/bin or on the path")
class PostgresFeatureRepositoryTests extends AbstractFeatureRepositoryTests {

	private static @Nullable PostgresServer server;

	private static @Nullable ConfigurableApplicationContext context;

	@BeforeAll
	static void startServer() throws Exception {
		server = PostgresServer.start();
		context = FeatureDatabase.start(url());
	}

	@AfterAll
	static void stopServer() throws Exception {
		if (context != null) {
			context.close();
		}
		if (server != null) {
			server.close();
		}
	}

	@Override
	ConfigurableApplicationContext context() {
		Assert.state(context != null, "Not started");
		return context;
	}

	@Override
	ConfigurableApplicationContext startAgain() {
		return FeatureDatabase.start(url());
	}

	@Test
	void theDatabaseReallyIsPostgres() {
		assertThat(context().getBean(JdbcClient.class).sql("SELECT version()").query(String.class).single())
			.startsWith("PostgreSQL");
	}

	@Test
	void replicasCanStartAtTheSameTimeOnAnEmptyDatabase() throws Exception {
		int replicas = 4;
		ExecutorService executor = Executors.newFixedThreadPool(replicas);
		try {
			for (int round = 0; round < 10; round++) {
				DataSource empty = createDatabase("empty" + round);
				CyclicBarrier together = new CyclicBarrier(replicas);
				List<Future<?>> starting = new ArrayList<>();
				for (int replica = 0; replica < replicas; replica++) {
					starting.add(executor.submit(() -> {
						together.await();
						return initializer(empty).initializeDatabase();
					}));
				}
				for (Future<?> replica : starting) {
					replica.get();
				}
				assertThat(JdbcClient.create(empty).sql("SELECT count(*) FROM feature").query(Long.class).single())
					.isGreaterThanOrEqualTo(150);
			}
		}
		finally {
			executor.shutdownNow();
		}
	}

	private DataSource createDatabase(String name) {
		context().getBean(JdbcClient.class).sql("CREATE DATABASE " + name).update();
		return new DriverManagerDataSource(server().url(name));
	}

	private FeatureDatabaseInitializer initializer(DataSource dataSource) {
		FeatureDatabaseInitializer initializer = new FeatureDatabaseInitializer(dataSource,
				context().getBean(SqlInitializationProperties.class));
		initializer.setResourceLoader(context());
		return initializer;
	}

	private static PostgresServer server() {
		Assert.state(server != null, "Not started");
		return server;
	}

	private static String url() {
		return "--spring.datasource.url=" + server().url("postgres");
	}

}
