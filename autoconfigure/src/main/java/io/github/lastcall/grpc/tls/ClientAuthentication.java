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
 * Whether clients have to show a certificate when they connect by TLS.
 */
public enum ClientAuthentication {

	/**
	 * No client is asked for a certificate.
	 */
	NONE,

	/**
	 * Clients are asked. One that has no certificate is served all the same; one whose
	 * certificate is not trusted is refused.
	 */
	OPTIONAL,

	/**
	 * Clients are asked, and one without a trusted certificate is refused.
	 */
	REQUIRED

}
