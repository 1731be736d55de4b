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

import io.github.lastcall.grpc.tls.ServerTls;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Meters of the certificate that the server shows, and of its updates.
 */
public final class GrpcServerTlsMetrics implements AopInfrastructureBean, MeterBinder {

	private final ServerTls tls;

	/**
	 * Create new meters.
	 * @param tls knows the certificate
	 */
	public GrpcServerTlsMetrics(ServerTls tls) {
		this.tls = tls;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		TimeGauge
			.builder("grpc.server.ssl.certificate.expiry", this.tls, TimeUnit.SECONDS, ServerTls::secondsUntilExpiry)
			.description("How long the certificate in use is still valid; negative when it has expired")
			.tag("bundle", this.tls.getBundleName())
			.register(registry);
		FunctionCounter.builder("grpc.server.ssl.bundle.updates", this.tls, (tls) -> tls.getStatus().updates())
			.description("Updates of the SSL bundle")
			.tag("bundle", this.tls.getBundleName())
			.tag("outcome", "success")
			.register(registry);
		FunctionCounter.builder("grpc.server.ssl.bundle.updates", this.tls, (tls) -> tls.getStatus().failedUpdates())
			.description("Updates of the SSL bundle")
			.tag("bundle", this.tls.getBundleName())
			.tag("outcome", "failure")
			.register(registry);
	}

}
