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

import java.util.List;

import io.github.lastcall.grpc.lifecycle.GrpcServer;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.testing.AdviceConfiguration;
import io.github.lastcall.grpc.testing.AdviceConfiguration.Advised;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.grpc.testing.scanned.ScannedServices;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.BindableService;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.junit.jupiter.api.Test;

import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Which beans become services. Each is called over a real socket.
 */
class GrpcServiceDiscoveryTests {

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create();

	@Test
	void anAnnotatedClassIsServed() {
		this.runner.withUserConfiguration(AnnotatedRouteGuide.class)
			.run((context) -> assertThatRouteGuideAnswers(context, "annotated class"));
	}

	@Test
	void componentScanningFindsAnAnnotatedClassAndItsBeanName() {
		this.runner.withUserConfiguration(ScanningConfiguration.class).run((context) -> {
			assertThat(context).hasBean("scannedGuide");
			assertThatRouteGuideAnswers(context, "scanned");
		});
	}

	@Test
	void anAnnotatedBeanMethodIsServed() {
		this.runner.withUserConfiguration(BeanMethodConfiguration.class)
			.run((context) -> assertThatRouteGuideAnswers(context, "bean method"));
	}

	@Test
	void anAnnotatedBeanMethodMayReturnTheInterface() {
		this.runner.withUserConfiguration(InterfaceBeanMethodConfiguration.class)
			.run((context) -> assertThatRouteGuideAnswers(context, "interface"));
	}

	@Test
	void anAnnotatedBeanMethodMayReturnAServiceThatIsBoundByHand() {
		this.runner.withUserConfiguration(SeveralServicesConfiguration.class).run((context) -> {
			assertThatRouteGuideAnswers(context, "one of several");
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(OneMethodService.call(client.channel(), "test.First").getName()).isEqualTo("test.First");
				assertThat(OneMethodService.call(client.channel(), "test.Second").getName()).isEqualTo("test.Second");
			}
		});
	}

	@Test
	void aClassAndItsBeanMethodAnnotatedBothAreOneService() {
		this.runner.withUserConfiguration(TwiceAnnotatedConfiguration.class)
			.run((context) -> assertThatRouteGuideAnswers(context, "annotated class"));
	}

	@Test
	void aServiceWithoutTheAnnotationIsNotServed() {
		this.runner.withUserConfiguration(NotAnnotatedConfiguration.class).run((context) -> {
			assertThat(names(context)).contains("test.First").doesNotContain(RouteGuideGrpc.SERVICE_NAME);
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
					.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED));
			}
		});
	}

	@Test
	void aServiceThatSpringAopProxiesIsServedThroughItsProxy() {
		this.runner.withUserConfiguration(ProxiedConfiguration.class).run((context) -> {
			assertThat(AopUtils.isCglibProxy(context.getBean(AnnotatedRouteGuide.class))).isTrue();
			assertThatRouteGuideAnswers(context, "annotated class");
			assertThat(context.getBean(Advised.class).methods).containsExactly("getFeature");
		});
	}

	@Test
	void aScopedProxyIsServedAndItsTargetIsNot() {
		this.runner.withUserConfiguration(ScopedRouteGuide.class).run((context) -> {
			assertThat(context).hasBean("scopedTarget.scopedGuide");
			assertThat(names(context)).containsOnlyOnce(RouteGuideGrpc.SERVICE_NAME);
			assertThatRouteGuideAnswers(context, "scoped");
		});
	}

	@Test
	void aScopedProxyOfABeanMethodIsServedAndItsTargetIsNot() {
		this.runner.withUserConfiguration(ScopedBeanMethodConfiguration.class).run((context) -> {
			assertThat(context).hasBean("scopedTarget.routeGuide");
			assertThat(names(context)).containsOnlyOnce(RouteGuideGrpc.SERVICE_NAME);
			assertThatRouteGuideAnswers(context, "scoped bean method");
		});
	}

	@Test
	void eachCallGoesThroughTheScopeOfItsProxy() {
		this.runner.withUserConfiguration(PrototypeRouteGuide.class, Instances.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				String first = client.featureName();
				assertThat(client.featureName()).isNotEqualTo(first);
			}
		});
	}

	private static void assertThatRouteGuideAnswers(AssertableApplicationContext context, String name) {
		assertThat(context).hasNotFailed();
		try (GrpcClient client = GrpcClient.of(context)) {
			assertThat(client.featureName()).isEqualTo(name);
		}
	}

	private static List<String> names(AssertableApplicationContext context) {
		GrpcServer server = context.getBean(GrpcServerDrain.class).getStatus().server();
		assertThat(server).isNotNull();
		return server.getServices().names();
	}

	@GrpcService
	static class AnnotatedRouteGuide extends TestRouteGuide {

		AnnotatedRouteGuide() {
			super("annotated class");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ComponentScan(basePackageClasses = ScannedServices.class)
	static class ScanningConfiguration {

	}

	@Configuration(proxyBeanMethods = false)
	static class BeanMethodConfiguration {

		@Bean
		@GrpcService
		TestRouteGuide routeGuide() {
			return new TestRouteGuide("bean method");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class InterfaceBeanMethodConfiguration {

		@Bean
		@GrpcService
		BindableService routeGuide() {
			return new TestRouteGuide("interface");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class SeveralServicesConfiguration {

		@Bean
		@GrpcService
		TestRouteGuide routeGuide() {
			return new TestRouteGuide("one of several");
		}

		@Bean
		@GrpcService
		OneMethodService first() {
			return new OneMethodService("test.First");
		}

		@Bean
		@GrpcService
		BindableService second() {
			return new OneMethodService("test.Second");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class TwiceAnnotatedConfiguration {

		@Bean
		@GrpcService
		AnnotatedRouteGuide routeGuide() {
			return new AnnotatedRouteGuide();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class NotAnnotatedConfiguration {

		@Bean
		@GrpcService
		OneMethodService first() {
			return new OneMethodService("test.First");
		}

		@Bean
		TestRouteGuide routeGuide() {
			return new TestRouteGuide();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(AdviceConfiguration.class)
	static class ProxiedConfiguration {

		@Bean
		AnnotatedRouteGuide routeGuide() {
			return new AnnotatedRouteGuide();
		}

	}

	@GrpcService("scopedGuide")
	@Scope(scopeName = BeanDefinition.SCOPE_PROTOTYPE, proxyMode = ScopedProxyMode.TARGET_CLASS)
	static class ScopedRouteGuide extends TestRouteGuide {

		ScopedRouteGuide() {
			super("scoped");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ScopedBeanMethodConfiguration {

		@Bean
		@GrpcService
		@Scope(scopeName = BeanDefinition.SCOPE_PROTOTYPE, proxyMode = ScopedProxyMode.TARGET_CLASS)
		TestRouteGuide routeGuide() {
			return new TestRouteGuide("scoped bean method");
		}

	}

	static class Instances {

		private int count;

		synchronized String next() {
			this.count++;
			return "instance " + this.count;
		}

	}

	@GrpcService
	@Scope(scopeName = BeanDefinition.SCOPE_PROTOTYPE, proxyMode = ScopedProxyMode.TARGET_CLASS)
	static class PrototypeRouteGuide extends TestRouteGuide {

		PrototypeRouteGuide(Instances instances) {
			super(instances.next());
		}

	}

}
