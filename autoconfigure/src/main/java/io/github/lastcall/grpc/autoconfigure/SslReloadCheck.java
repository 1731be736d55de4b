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
package io.github.lastcall.grpc.autoconfigure;

import java.time.Duration;

import io.github.lastcall.grpc.executor.ThreadServerTimer;
import io.github.lastcall.grpc.tls.ServerTls;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.ssl.PemSslBundleProperties;
import org.springframework.boot.autoconfigure.ssl.PropertiesSslBundle;
import org.springframework.boot.autoconfigure.ssl.SslProperties;
import org.springframework.boot.io.ApplicationResourceLoader;
import org.springframework.context.ResourceLoaderAware;
import org.springframework.core.io.ResourceLoader;

/**
 * Tells the server's TLS of files that Spring Boot cannot reload and tells nobody of but
 * its own log: with {@code verify-keys} it reads them before it tells of the update.
 * Therefore they are read here too, once in each quiet period of Boot's. Nothing is read,
 * and no thread started, for a bundle that is not reloaded or not verified.
 */
final class SslReloadCheck
		implements AopInfrastructureBean, SmartInitializingSingleton, ResourceLoaderAware, DisposableBean {

	private final ServerTls tls;

	private final ObjectProvider<SslProperties> properties;

	private final ThreadServerTimer timer = new ThreadServerTimer("grpc-ssl-reload-check");

	private ResourceLoader resourceLoader = ApplicationResourceLoader.get();

	/**
	 * Why the files could not be read the last time.
	 */
	private @Nullable String failure;

	private boolean reported;

	SslReloadCheck(ServerTls tls, ObjectProvider<SslProperties> properties) {
		this.tls = tls;
		this.properties = properties;
	}

	@Override
	public void setResourceLoader(ResourceLoader resourceLoader) {
		this.resourceLoader = ApplicationResourceLoader.get(resourceLoader);
	}

	@Override
	public void afterSingletonsInstantiated() {
		SslProperties properties = this.properties.getIfAvailable();
		PemSslBundleProperties bundle = (properties != null)
				? properties.getBundle().getPem().get(this.tls.getBundleName()) : null;
		if (properties != null && bundle != null && bundle.isReloadOnUpdate()
				&& (bundle.getKeystore().isVerifyKeys() || bundle.getTruststore().isVerifyKeys())) {
			Duration period = properties.getBundle().getWatch().getFile().getQuietPeriod();
			checkEvery(period.isZero() ? Duration.ofMillis(1) : period, bundle);
		}
	}

	private void checkEvery(Duration period, PemSslBundleProperties bundle) {
		this.timer.schedule(() -> {
			check(bundle);
			checkEvery(period, bundle);
		}, period);
	}

	private void check(PemSslBundleProperties bundle) {
		try {
			PropertiesSslBundle.get(bundle, this.resourceLoader);
			this.failure = null;
			this.reported = false;
		}
		catch (RuntimeException ex) {
			String failure = String.valueOf(ex.getMessage());
			if (!failure.equals(this.failure)) {
				// Maybe somebody is about to write the other file.
				this.failure = failure;
				this.reported = false;
			}
			else if (!this.reported) {
				this.reported = true;
				this.tls.updateFailed(ex);
			}
		}
	}

	@Override
	public void destroy() {
		this.timer.destroy();
	}

}
