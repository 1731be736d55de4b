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

/**
 * Whether clients must present a certificate in the TLS handshake.
 *
 * @hidden
 */
public enum ClientAuthentication {

	/**
	 * Clients are not asked for a certificate.
	 */
	NONE,

	/**
	 * Clients are asked for a certificate. Clients without one are served; clients whose
	 * certificate is not trusted are refused.
	 */
	OPTIONAL,

	/**
	 * Clients without a trusted certificate are refused.
	 */
	REQUIRED

}
