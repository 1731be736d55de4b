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

package io.github.lastcall.grpc.test;

import com.google.common.util.concurrent.ListenableFuture;
import io.github.lastcall.grpc.test.app.MapsApplication;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Stubs and channels in fields and parameters, and their metadata.
 */
@SpringBootTest(classes = MapsApplication.class)
@WithGrpcMetadata("user=class")
@Execution(ExecutionMode.CONCURRENT)
class GrpcStubTests {

	@GrpcStub
	private RouteGuideGrpc.RouteGuideBlockingStub blocking;

	@GrpcStub
	private RouteGuideGrpc.RouteGuideStub async;

	@GrpcStub
	@WithGrpcMetadata("user=field")
	private RouteGuideGrpc.RouteGuideStub asyncOfField;

	private final RouteGuideGrpc.RouteGuideStub asyncOfConstructor;

	GrpcStubTests(@GrpcStub RouteGuideGrpc.RouteGuideStub async) {
		this.asyncOfConstructor = async;
	}

	@BeforeEach
	void parametersOfLifecycleMethodsAreResolvedToo(@GrpcStub ManagedChannel channel) {
		assertThat(channel.isShutdown()).isFalse();
	}

	@Test
	void everyGeneratedStubIsInjected(@GrpcStub RouteGuideGrpc.RouteGuideFutureStub future,
			@GrpcStub RouteGuideGrpc.RouteGuideBlockingV2Stub blockingV2) throws Exception {
		assertThat(this.blocking.getFeature(Points.OSLO).getName()).isEqualTo("Oslo");
		ListenableFuture<Feature> feature = future.getFeature(Points.OSLO);
		assertThat(feature.get().getName()).isEqualTo("Oslo");
		assertThat(blockingV2.getFeature(Points.OSLO).getName()).isEqualTo("Oslo");
		StreamRecorder<Feature> features = StreamRecorder.create();
		this.async.getFeature(Points.OSLO, features);
		assertThat(features.next().getName()).isEqualTo("Oslo");
	}

	@Test
	void aStubWithoutAFactoryMethodIsConstructedLikeThoseOfKotlin(@GrpcStub StubOfOtherGenerator stub) {
		assertThat(stub.getFeature().getName()).isEqualTo("Oslo");
	}

	@Test
	void channelsAreInjected(@GrpcStub Channel channel, @Autowired ManagedChannel managed) {
		assertThat(RouteGuideGrpc.newBlockingStub(channel).getFeature(Points.OSLO).getName()).isEqualTo("Oslo");
		assertThat(RouteGuideGrpc.newBlockingStub(managed).getFeature(Points.OSLO).getName()).isEqualTo("Oslo");
	}

	@Test
	void whatIsNoStubIsExplained(@Autowired ApplicationContext context) {
		assertThatIllegalStateException()
			.isThrownBy(() -> Stubs.create(String.class, context, CallMetadata.of(Object.class)))
			.withMessageContaining("@GrpcStub cannot create java.lang.String")
			.withMessageContaining("generated stub");
	}

	@Test
	void metadataOfTheClassIsSent() {
		assertThat(userOf(this.async)).isEqualTo("class");
		assertThat(userOf(this.asyncOfConstructor)).isEqualTo("class");
	}

	@Test
	void metadataOfAFieldReplacesThatOfTheClass() {
		assertThat(userOf(this.asyncOfField)).isEqualTo("field");
	}

	@Test
	@WithGrpcMetadata("user=method")
	void metadataOfAMethodReplacesThatOfTheClass(@GrpcStub RouteGuideGrpc.RouteGuideStub parameter,
			@GrpcStub @WithGrpcMetadata("user=parameter") RouteGuideGrpc.RouteGuideStub annotated) {
		assertThat(userOf(this.async)).isEqualTo("method");
		assertThat(userOf(parameter)).isEqualTo("method");
		assertThat(userOf(annotated)).isEqualTo("parameter");
		assertThat(userOf(this.asyncOfField)).isEqualTo("field");
	}

	@Test
	void metadataThatIsNotAPairIsExplained() {
		assertThatIllegalArgumentException().isThrownBy(() -> CallMetadata.of(Malformed.class))
			.withMessageContaining("'user' is not in the form name=value");
	}

	private static String userOf(RouteGuideGrpc.RouteGuideStub stub) {
		StreamRecorder<RouteNote> notes = StreamRecorder.create();
		StreamObserver<RouteNote> chat = stub.routeChat(notes);
		chat.onNext(RouteNote.newBuilder().setLocation(Points.OSLO).build());
		chat.onCompleted();
		return notes.awaitCompletion().get(0).getMessage().replace(" from ", "");
	}

	@Nested
	class InANestedClass {

		@GrpcStub
		private RouteGuideGrpc.RouteGuideStub inner;

		@Test
		void bothInstancesAreInjected() {
			assertThat(userOf(this.inner)).isEqualTo("class");
			assertThat(userOf(GrpcStubTests.this.async)).isEqualTo("class");
		}

		@Test
		@WithGrpcMetadata("user=method")
		void metadataOfAMethodIsThatOfBoth() {
			assertThat(userOf(this.inner)).isEqualTo("method");
			assertThat(userOf(GrpcStubTests.this.async)).isEqualTo("method");
		}

	}

	@Nested
	@TestInstance(Lifecycle.PER_CLASS)
	@WithGrpcMetadata("user=nested")
	@Execution(ExecutionMode.SAME_THREAD)
	class WithOneInstance {

		@GrpcStub
		private RouteGuideGrpc.RouteGuideStub inner;

		@Test
		@WithGrpcMetadata("user=method")
		void metadataOfAMethod() {
			assertThat(userOf(this.inner)).isEqualTo("method");
		}

		@Test
		void metadataOfTheClassBefore() {
			assertThat(userOf(this.inner)).isEqualTo("nested");
		}

		@Test
		void metadataOfTheClassAfter() {
			assertThat(userOf(this.inner)).isEqualTo("nested");
		}

	}

	/**
	 * As grpc-kotlin generates it: with a constructor instead of a method.
	 */
	public static final class StubOfOtherGenerator {

		private final Channel channel;

		public StubOfOtherGenerator(Channel channel) {
			this.channel = channel;
		}

		Feature getFeature() {
			return ClientCalls.blockingUnaryCall(this.channel, RouteGuideGrpc.getGetFeatureMethod(),
					CallOptions.DEFAULT, Points.OSLO);
		}

	}

	@WithGrpcMetadata("user")
	static class Malformed {

	}

}
