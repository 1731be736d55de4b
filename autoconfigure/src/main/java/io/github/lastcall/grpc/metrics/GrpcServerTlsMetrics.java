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

package io.github.lastcall.grpc.metrics;

import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.github.lastcall.grpc.tls.CertificateRotation;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Meters of the server's certificate and of its updates.
 */
public final class GrpcServerTlsMetrics implements AopInfrastructureBean, MeterBinder {

	private final Supplier<@Nullable CertificateRotation> tls;

	/**
	 * Creates new {@link GrpcServerTlsMetrics}.
	 * @param tls the status of TLS, {@code null} if the application is served in
	 * plaintext
	 */
	public GrpcServerTlsMetrics(Supplier<@Nullable CertificateRotation> tls) {
		this.tls = tls;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		CertificateRotation tls = this.tls.get();
		if (tls != null) {
			bindTo(registry, tls);
		}
	}

	private static void bindTo(MeterRegistry registry, CertificateRotation tls) {
		TimeGauge
			.builder("grpc.server.ssl.certificate.expiry", tls, TimeUnit.SECONDS,
					CertificateRotation::secondsUntilExpiry)
			.description("Time until the certificate in use expires; negative once it has expired")
			.tag("bundle", tls.getBundleName())
			.register(registry);
		FunctionCounter.builder("grpc.server.ssl.bundle.updates", tls, (of) -> of.getStatus().updates())
			.description("Updates of the SSL bundle")
			.tag("bundle", tls.getBundleName())
			.tag("outcome", "success")
			.register(registry);
		FunctionCounter.builder("grpc.server.ssl.bundle.updates", tls, (of) -> of.getStatus().failedUpdates())
			.description("Updates of the SSL bundle")
			.tag("bundle", tls.getBundleName())
			.tag("outcome", "failure")
			.register(registry);
	}

}
