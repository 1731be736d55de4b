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

import javax.sql.DataSource;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.jdbc.autoconfigure.ApplicationDataSourceScriptDatabaseInitializer;
import org.springframework.boot.sql.autoconfigure.init.SqlInitializationProperties;
import org.springframework.boot.sql.init.dependency.DatabaseInitializationDependencyConfigurer;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.datasource.init.ScriptStatementFailedException;
import org.springframework.stereotype.Component;

/**
 * Runs {@code schema.sql} and {@code data.sql} as Spring Boot does, and a second time if
 * another replica got in between. PostgreSQL's {@code CREATE TABLE IF NOT EXISTS} is not
 * atomic: of two replicas that start on an empty database at the same time, one fails. By
 * then the other has created the table, so the second run finds it.
 */
@Component
@EnableConfigurationProperties(SqlInitializationProperties.class)
@Import(DatabaseInitializationDependencyConfigurer.class)
final class FeatureDatabaseInitializer extends ApplicationDataSourceScriptDatabaseInitializer {

	private static final Log logger = LogFactory.getLog(FeatureDatabaseInitializer.class);

	FeatureDatabaseInitializer(DataSource dataSource, SqlInitializationProperties properties) {
		super(dataSource, properties);
	}

	@Override
	public boolean initializeDatabase() {
		try {
			return super.initializeDatabase();
		}
		catch (ScriptStatementFailedException ex) {
			logger.info("Running the database scripts again, in case another replica ran them at the same time: "
					+ ex.getMessage());
			return super.initializeDatabase();
		}
	}

}
