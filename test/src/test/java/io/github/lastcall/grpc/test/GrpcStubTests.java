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

import java.util.List;

import com.google.common.util.concurrent.ListenableFuture;
import io.github.lastcall.grpc.test.app.MapsApplication;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Stubs and channels in fields and parameters, and their metadata.
 */
@SpringBootTest(classes = { MapsApplication.class, GrpcStubTests.Beans.class })
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

	@Autowired
	private RouteGuideGrpc.RouteGuideStub autowired;

	@Autowired
	@WithGrpcMetadata("user=field")
	private RouteGuideGrpc.RouteGuideStub autowiredOfField;

	@Autowired
	private ApplicationStub ofTheApplication;

	private final RouteGuideGrpc.RouteGuideStub asyncOfConstructor;

	private final RouteGuideGrpc.RouteGuideStub autowiredByConstructor;

	GrpcStubTests(@GrpcStub RouteGuideGrpc.RouteGuideStub async, @Autowired RouteGuideGrpc.RouteGuideStub autowired) {
		this.asyncOfConstructor = async;
		this.autowiredByConstructor = autowired;
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
	void everyGeneratedStubIsAutowired(@Autowired RouteGuideGrpc.RouteGuideBlockingStub blocking,
			@Autowired RouteGuideGrpc.RouteGuideBlockingV2Stub blockingV2, @Autowired StubOfOtherGenerator constructed,
			@Autowired ObjectProvider<RouteGuideGrpc.RouteGuideFutureStub> future) throws Exception {
		assertThat(blocking.getFeature(Points.OSLO).getName()).isEqualTo("Oslo");
		assertThat(blockingV2.getFeature(Points.OSLO).getName()).isEqualTo("Oslo");
		assertThat(constructed.getFeature().getName()).isEqualTo("Oslo");
		assertThat(future.getObject().getFeature(Points.OSLO).get().getName()).isEqualTo("Oslo");
	}

	@Test
	void beansGetNoStubThatTheyWouldNotGetInProduction(@Autowired ApplicationContext context) {
		assertThat(context.getBean(Beans.class).stub).isNull();
		assertThat(context.getBeanNamesForType(AbstractStub.class)).containsExactly("ofTheApplication");
	}

	@Test
	void aStubOfTheApplicationIsAutowiredInstead(@Autowired ApplicationStub stub,
			@Autowired ApplicationContext context) {
		assertThat(stub).isSameAs(context.getBean("ofTheApplication")).isSameAs(this.ofTheApplication);
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
		assertThat(userOf(this.autowired)).isEqualTo("class");
		assertThat(userOf(this.autowiredByConstructor)).isEqualTo("class");
	}

	@Test
	void metadataOfAFieldReplacesThatOfTheClass() {
		assertThat(userOf(this.asyncOfField)).isEqualTo("field");
		assertThat(userOf(this.autowiredOfField)).isEqualTo("field");
	}

	@Test
	@WithGrpcMetadata("user=method")
	void metadataOfAMethodReplacesThatOfTheClass(@GrpcStub RouteGuideGrpc.RouteGuideStub parameter,
			@GrpcStub @WithGrpcMetadata("user=parameter") RouteGuideGrpc.RouteGuideStub annotated,
			@Autowired RouteGuideGrpc.RouteGuideStub autowired,
			@Autowired @WithGrpcMetadata("user=parameter") RouteGuideGrpc.RouteGuideStub annotatedAutowired) {
		assertThat(List.of(this.async, this.autowired, parameter, autowired))
			.allMatch((stub) -> userOf(stub).equals("method"));
		assertThat(List.of(annotated, annotatedAutowired)).allMatch((stub) -> userOf(stub).equals("parameter"));
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
	public static class StubOfOtherGenerator extends AbstractStub<StubOfOtherGenerator> {

		public StubOfOtherGenerator(Channel channel) {
			super(channel, CallOptions.DEFAULT);
		}

		@Override
		protected StubOfOtherGenerator build(Channel channel, CallOptions options) {
			return new StubOfOtherGenerator(channel);
		}

		Feature getFeature() {
			return ClientCalls.blockingUnaryCall(getChannel(), RouteGuideGrpc.getGetFeatureMethod(), getCallOptions(),
					Points.OSLO);
		}

	}

	/**
	 * Which the application has as a bean.
	 */
	static final class ApplicationStub extends AbstractStub<ApplicationStub> {

		ApplicationStub(Channel channel) {
			super(channel, CallOptions.DEFAULT);
		}

		@Override
		protected ApplicationStub build(Channel channel, CallOptions options) {
			return new ApplicationStub(channel);
		}

	}

	@TestConfiguration(proxyBeanMethods = false)
	static class Beans {

		@Autowired(required = false)
		private RouteGuideGrpc.@Nullable RouteGuideBlockingStub stub;

		@Bean
		ApplicationStub ofTheApplication() {
			return new ApplicationStub(InProcessChannelBuilder.forName("elsewhere").build());
		}

	}

	@WithGrpcMetadata("user")
	static class Malformed {

	}

}
