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

package io.github.lastcall.grpc.tls;

import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import javax.net.ssl.KeyManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.ssl.SslBundle;

/**
 * Certificates of an SSL bundle, read from its managers because not every bundle has
 * stores.
 */
final class BundleCertificates {

	private static final String[] KEY_TYPES = { "RSA", "RSASSA-PSS", "EC", "EdDSA" };

	private BundleCertificates() {
	}

	/**
	 * Returns the certificates that a server presents: for each type of key the one that
	 * handshakes choose, which is that of the alias if the bundle has one.
	 */
	static List<ServerCertificate> of(SslBundle bundle) {
		List<ServerCertificate> certificates = new ArrayList<>();
		for (KeyManager manager : bundle.getManagers().getKeyManagers()) {
			if (manager instanceof X509KeyManager keyManager) {
				for (String alias : aliases(keyManager)) {
					X509Certificate[] chain = keyManager.getCertificateChain(alias);
					if (chain != null && chain.length > 0) {
						certificates.add(ServerCertificate.of(chain));
					}
				}
			}
		}
		return certificates;
	}

	private static Set<String> aliases(X509KeyManager keyManager) {
		Set<String> aliases = new LinkedHashSet<>();
		for (String keyType : KEY_TYPES) {
			String alias = choose(keyManager, keyType);
			if (alias != null) {
				aliases.add(alias);
			}
		}
		return aliases;
	}

	private static @Nullable String choose(X509KeyManager keyManager, String keyType) {
		return (keyManager instanceof X509ExtendedKeyManager extended)
				? extended.chooseEngineServerAlias(keyType, null, null)
				: keyManager.chooseServerAlias(keyType, null, null);
	}

	/**
	 * Returns whether the bundle has stores, but no trust store. Java then trusts its
	 * default authorities, which is right for a client and wrong for a server.
	 */
	static boolean trustsEveryAuthority(SslBundle bundle) {
		return bundle.getStores().getKeyStore() != null && bundle.getStores().getTrustStore() == null;
	}

	/**
	 * Returns whether the bundle has a trust store without a certificate, which Java only
	 * reports during each handshake.
	 */
	static boolean trustsNobody(SslBundle bundle) {
		return bundle.getStores().getTrustStore() != null && Stream.of(bundle.getManagers().getTrustManagers())
			.allMatch((manager) -> manager instanceof X509TrustManager trust && trust.getAcceptedIssuers().length == 0);
	}

}
