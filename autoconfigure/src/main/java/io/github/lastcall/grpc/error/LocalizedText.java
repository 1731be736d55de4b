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

package io.github.lastcall.grpc.error;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

import com.google.rpc.LocalizedMessage;
import io.grpc.Metadata;
import org.jspecify.annotations.Nullable;

import org.springframework.context.MessageSource;

/**
 * Message of a {@link MessageSource}, to be resolved for the client of a call. It travels
 * in the trailers of an exception, and never leaves the server.
 *
 * @param code the code of the message
 * @param arguments its arguments
 */
record LocalizedText(String code, List<Object> arguments) {

	static final Metadata.Key<LocalizedText> KEY = Metadata.Key.of("lastcall-localized-text-bin",
			new Metadata.BinaryStreamMarshaller<>() {

				@Override
				public InputStream toStream(LocalizedText text) {
					return new TextStream(text);
				}

				@Override
				public LocalizedText parseStream(InputStream stream) {
					return (stream instanceof TextStream same) ? same.text : new LocalizedText("", List.of());
				}

			});

	/**
	 * Resolves the message.
	 * @return the detail, {@code null} if there is no such message
	 */
	@Nullable LocalizedMessage resolve(MessageSource messages, Locale locale) {
		String message = messages.getMessage(this.code, this.arguments.toArray(), null, locale);
		return (message != null)
				? LocalizedMessage.newBuilder().setLocale(locale.toLanguageTag()).setMessage(message).build() : null;
	}

	/**
	 * Keeps the object, as long as nothing but a server in this process reads it.
	 */
	private static final class TextStream extends ByteArrayInputStream {

		private final LocalizedText text;

		TextStream(LocalizedText text) {
			super(text.code.getBytes(StandardCharsets.UTF_8));
			this.text = text;
		}

	}

}
