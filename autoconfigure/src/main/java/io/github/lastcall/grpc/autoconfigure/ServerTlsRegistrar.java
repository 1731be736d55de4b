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

import io.github.lastcall.grpc.tls.ServerTls;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.core.Ordered;

/**
 * Tells the server's TLS of the bundle and of its updates, before anybody else is told:
 * one that throws, as Boot's own meters do when the bundle is broken, keeps those behind
 * it from being called.
 */
final class ServerTlsRegistrar
		implements AopInfrastructureBean, SslBundleRegistrar, SmartInitializingSingleton, Ordered {

	private final ServerTls tls;

	private final ObjectProvider<SslBundles> bundles;

	private boolean following;

	ServerTlsRegistrar(ServerTls tls, ObjectProvider<SslBundles> bundles) {
		this.tls = tls;
		this.bundles = bundles;
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
			// The application's own SslBundles.
			bundles.addBundleUpdateHandler(this.tls.getBundleName(), this.tls::update);
		}
	}

	@Override
	public int getOrder() {
		return Ordered.HIGHEST_PRECEDENCE;
	}

}
