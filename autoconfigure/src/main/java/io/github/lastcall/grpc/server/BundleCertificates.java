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

package io.github.lastcall.grpc.server;

import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import javax.net.ssl.KeyManager;
import javax.net.ssl.X509KeyManager;

import org.springframework.boot.ssl.SslBundle;

/**
 * What is in an SSL bundle, by the managers that handshakes use: not every bundle has
 * stores.
 */
final class BundleCertificates {

	private static final String[] KEY_TYPES = { "RSA", "RSASSA-PSS", "EC", "EdDSA" };

	private BundleCertificates() {
	}

	/**
	 * The certificates that a server has the keys of, only the one of the alias if the
	 * bundle has one.
	 */
	static List<ServerCertificate> of(SslBundle bundle) {
		List<ServerCertificate> certificates = new ArrayList<>();
		for (KeyManager manager : bundle.getManagers().getKeyManagers()) {
			if (manager instanceof X509KeyManager keyManager) {
				for (String alias : aliases(bundle, keyManager)) {
					X509Certificate[] chain = keyManager.getCertificateChain(alias);
					if (chain != null && chain.length > 0) {
						certificates.add(ServerCertificate.of(chain[0]));
					}
				}
			}
		}
		return certificates;
	}

	private static Set<String> aliases(SslBundle bundle, X509KeyManager keyManager) {
		String alias = bundle.getKey().getAlias();
		if (alias != null) {
			return Set.of(alias);
		}
		Set<String> aliases = new LinkedHashSet<>();
		for (String keyType : KEY_TYPES) {
			String[] ofType = keyManager.getServerAliases(keyType, null);
			if (ofType != null) {
				aliases.addAll(List.of(ofType));
			}
		}
		return aliases;
	}

	/**
	 * Whether the bundle has stores but none for trust. Java's own authorities stand in
	 * for it then, which is right for a client and wrong for a server.
	 */
	static boolean trustsEveryAuthority(SslBundle bundle) {
		return bundle.getStores().getKeyStore() != null && bundle.getStores().getTrustStore() == null;
	}

}
