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

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

import io.github.lastcall.grpc.autoconfigure.GrpcServerProperties.ExecutorType;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.OnEachExecutor;
import io.github.lastcall.grpc.testing.RawHttp2Connection;
import io.github.lastcall.grpc.testing.RawHttp2Connection.Response;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.Codec;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Compression as a client sees it: by the flag and the bytes of the messages.
 */
@Timeout(120)
class CompressionTests {

	private static final String GET_FEATURE = RouteGuideGrpc.getGetFeatureMethod().getFullMethodName();

	private static final String RESPONSES = "grpc.server.compression.responses";

	private static final byte[] POINT = Point.newBuilder().setLatitude(1).build().toByteArray();

	private final Guide guide = new Guide();

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withBean(Guide.class, () -> this.guide);

	@Test
	void aCompressedRequestIsUnderstoodAndGzipIsAdvertised() {
		with(this.runner, (port) -> {
			Response response = call(port, "gzip", null);
			assertThat(feature(response, new Codec.Gzip()).getLocation().getLatitude()).isEqualTo(1);
			assertThat(response.headers()).containsEntry("grpc-accept-encoding", "gzip");
		});
	}

	@Test
	void aResponseIsNotCompressedUnlessSomebodyWantsIt() {
		with(this.runner, (port) -> assertThatIsPlain(call(port, null, "gzip")));
	}

	@Test
	void aHandlerMayCompressItsResponse() {
		this.guide.compression = "gzip";
		with(this.runner, (port) -> {
			assertThatIsCompressed(call(port, null, "gzip"), new Codec.Gzip());
			assertThatIsPlain(call(port, null, null));
		});
	}

	@OnEachExecutor
	@TestsProperty("grpc.server.compression.responses")
	void allResponsesAreCompressedForClientsThatAcceptIt(ExecutorType executor) {
		with(this.runner.withPropertyValues(RESPONSES + "=gzip", "grpc.server.executor.type=" + executor), (port) -> {
			assertThatIsCompressed(call(port, null, "identity,gzip"), new Codec.Gzip());
			assertThatIsPlain(call(port, null, null));
			assertThatIsPlain(call(port, null, "snappy"));
			this.guide.compression = "identity";
			assertThatIsPlain(call(port, null, "gzip"));
		});
	}

	@OnEachExecutor
	void anOrdinaryClientSendsCompressedRequestsAndReadsCompressedResponses(ExecutorType executor) {
		this.runner.withPropertyValues(RESPONSES + "=gzip", "grpc.server.executor.type=" + executor).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(client.routeGuide().withCompression("gzip").getFeature(Point.getDefaultInstance()).getName())
					.isEqualTo("somewhere");
			}
		});
	}

	@Test
	void aCodecBeanIsThereBesideTheDefaults() {
		ApplicationContextRunner runner = this.runner.withBean(Inverting.class);
		with(runner, (port) -> {
			Response response = call(port, "inverted", null);
			assertThat(feature(response, new Codec.Gzip()).getLocation().getLatitude()).isEqualTo(1);
			assertThat(response.headers().get("grpc-accept-encoding")).isIn("gzip,inverted", "inverted,gzip");
			assertThat(feature(call(port, "gzip", null), new Codec.Gzip()).getName()).isEqualTo("somewhere");
			this.guide.compression = "gzip";
			assertThatIsCompressed(call(port, null, "gzip"), new Codec.Gzip());
		});
		this.guide.compression = null;
		with(runner.withPropertyValues(RESPONSES + "=inverted"),
				(port) -> assertThatIsCompressed(call(port, null, "gzip,inverted"), new Inverting()));
	}

	@Test
	void aCodecThatThereIsNotFailsTheStart() {
		this.runner.withPropertyValues(RESPONSES + "=zip")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(GrpcServerStartException.class, (ex) -> {
					assertThat(ex).hasMessageContaining("'zip'");
					assertThat(ex.getAction()).contains(RESPONSES, "[gzip, identity]");
					assertThat(ex.getProperties()).containsExactly(RESPONSES);
				}));
	}

	private static void assertThatIsPlain(Response response) throws IOException {
		assertThat(response.data()[0]).isZero();
		assertThat(feature(response, Codec.Identity.NONE).getName()).isEqualTo("somewhere");
	}

	private static void assertThatIsCompressed(Response response, Codec codec) throws IOException {
		assertThat(response.data()[0]).isEqualTo((byte) 1);
		assertThat(response.headers()).containsEntry("grpc-encoding", codec.getMessageEncoding());
		assertThat(feature(response, codec).getName()).isEqualTo("somewhere");
	}

	private static Feature feature(Response response, Codec codec) throws IOException {
		assertThat(response.headers()).containsEntry("grpc-status", "0");
		byte[] data = response.data();
		InputStream message = new ByteArrayInputStream(Arrays.copyOfRange(data, 5, data.length));
		return Feature.parseFrom((data[0] == 1) ? codec.decompress(message) : message);
	}

	/**
	 * A call.
	 * @param encoding how the request is compressed, {@code null} if it is not
	 * @param accepted the codecs that the client accepts, {@code null} if it says nothing
	 */
	private static Response call(int port, @Nullable String encoding, @Nullable String accepted)
			throws IOException, Http2Exception {
		Map<String, String> headers = new LinkedHashMap<>();
		byte[] request = POINT;
		if (encoding != null) {
			headers.put("grpc-encoding", encoding);
			request = compress(encoding.equals("gzip") ? new Codec.Gzip() : new Inverting());
		}
		if (accepted != null) {
			headers.put("grpc-accept-encoding", accepted);
		}
		try (RawHttp2Connection connection = new RawHttp2Connection(port)) {
			return connection.preface()
				.call(GET_FEATURE, headers)
				.message(encoding != null, request.length, request)
				.response();
		}
	}

	private static byte[] compress(Codec codec) throws IOException {
		ByteArrayOutputStream compressed = new ByteArrayOutputStream();
		try (OutputStream out = codec.compress(compressed)) {
			out.write(POINT);
		}
		return compressed.toByteArray();
	}

	private static void with(ApplicationContextRunner runner, Client client) {
		runner.run((context) -> client.use(GrpcClient.port(context)));
	}

	private interface Client {

		void use(int port) throws IOException, Http2Exception;

	}

	@GrpcService
	static class Guide extends TestRouteGuide {

		volatile @Nullable String compression;

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			String compression = this.compression;
			if (compression != null) {
				((ServerCallStreamObserver<Feature>) responses).setCompression(compression);
			}
			super.getFeature(request, responses);
		}

	}

	/**
	 * A codec of the application, which inverts each bit.
	 */
	static class Inverting implements Codec {

		@Override
		public String getMessageEncoding() {
			return "inverted";
		}

		@Override
		public OutputStream compress(OutputStream out) {
			return new FilterOutputStream(out) {

				@Override
				public void write(int b) throws IOException {
					this.out.write(~b);
				}

			};
		}

		@Override
		public InputStream decompress(InputStream in) {
			return new FilterInputStream(in) {

				@Override
				public int read() throws IOException {
					int b = super.read();
					return (b < 0) ? b : ~b & 0xff;
				}

				@Override
				public int read(byte[] bytes, int offset, int length) throws IOException {
					int count = super.read(bytes, offset, length);
					for (int i = 0; i < count; i++) {
						bytes[offset + i] = (byte) ~bytes[offset + i];
					}
					return count;
				}

			};
		}

	}

}
