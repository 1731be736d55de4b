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
import io.github.lastcall.grpc.tls.CertificateRotation;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.ssl.PemSslBundleProperties;
import org.springframework.boot.autoconfigure.ssl.PropertiesSslBundle;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.autoconfigure.ssl.SslProperties;
import org.springframework.boot.io.ApplicationResourceLoader;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ResourceLoaderAware;
import org.springframework.core.Ordered;
import org.springframework.core.io.ResourceLoader;

/**
 * Notifies {@link CertificateRotation} of the bundle and its updates before all other
 * handlers: a handler that throws, as Spring Boot's meters do for a broken bundle,
 * prevents the handlers after it from being called. Also notifies it of files that Spring
 * Boot fails to reload.
 */
final class CertificateRotationRegistrar implements AopInfrastructureBean, SslBundleRegistrar,
		SmartInitializingSingleton, ResourceLoaderAware, DisposableBean, Ordered {

	private final CertificateRotation tls;

	private final ObjectProvider<SslBundles> bundles;

	private boolean following;

	private final ObjectProvider<SslProperties> properties;

	private final ThreadServerTimer timer = new ThreadServerTimer("grpc-ssl-reload-check");

	private ResourceLoader resourceLoader = ApplicationResourceLoader.get();

	/**
	 * Reason of the last failure to read the files.
	 */
	private @Nullable String failure;

	private boolean reported;

	CertificateRotationRegistrar(CertificateRotation tls, ObjectProvider<SslBundles> bundles,
			ObjectProvider<SslProperties> properties) {
		this.tls = tls;
		this.bundles = bundles;
		this.properties = properties;
	}

	@Override
	public void setResourceLoader(ResourceLoader resourceLoader) {
		this.resourceLoader = ApplicationResourceLoader.get(resourceLoader);
	}

	@Override
	public void registerBundles(SslBundleRegistry registry) {
		if (registry instanceof SslBundles bundles) {
			bundles.addBundleRegisterHandler((name, bundle) -> {
				if (name.equals(this.tls.getBundleName())) {
					bundles.addBundleUpdateHandler(name, this.tls::update);
					this.following = true;
				}
			});
		}
	}

	@Override
	public void afterSingletonsInstantiated() {
		SslBundles bundles = this.bundles.getIfAvailable(DefaultSslBundleRegistry::new);
		this.tls.start(bundles);
		if (!this.following) {
			// The application has defined its own SslBundles.
			bundles.addBundleUpdateHandler(this.tls.getBundleName(), this.tls::update);
		}
		checkReload();
	}

	/**
	 * With {@code verify-keys}, Spring Boot reads the files before it notifies handlers
	 * of an update, and only logs a failure. Therefore they are read here too, once per
	 * quiet period of Spring Boot. Without reloading or verification nothing is read and
	 * no thread is started.
	 */
	private void checkReload() {
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
				// The other file may be about to be written.
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

	@Override
	public int getOrder() {
		return Ordered.HIGHEST_PRECEDENCE;
	}

}
