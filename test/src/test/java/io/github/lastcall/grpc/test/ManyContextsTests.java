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

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.github.lastcall.grpc.test.app.MapsApplication;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.description.modifier.Visibility;
import net.bytebuddy.dynamic.loading.ClassLoadingStrategy;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.context.ApplicationContext;
import org.springframework.test.context.ContextConfiguration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Two hundred test classes with ten different configurations, half of them in the process
 * and half on the network, of an application with a fixed port and a fixed name.
 */
@Tag("full")
class ManyContextsTests {

	private static final int CLASSES = 200;

	private static final Set<ApplicationContext> CONTEXTS = ConcurrentHashMap.newKeySet();

	private static final List<Class<?>> CONFIGURATIONS = List.of(InProcess0.class, InProcess1.class, InProcess2.class,
			InProcess3.class, InProcess4.class, RandomPort0.class, RandomPort1.class, RandomPort2.class,
			RandomPort3.class, RandomPort4.class);

	@Test
	void twoHundredClassesStartTenContexts() {
		SummaryGeneratingListener listener = new SummaryGeneratingListener();
		LauncherFactory.create().execute(request(generatedClasses()), listener);
		TestExecutionSummary summary = listener.getSummary();
		assertThat(summary.getFailures()).extracting(TestExecutionSummary.Failure::getException).isEmpty();
		assertThat(summary.getTestsSucceededCount()).isEqualTo(CLASSES);
		assertThat(CONTEXTS).hasSize(CONFIGURATIONS.size());
	}

	private static List<Class<?>> generatedClasses() {
		List<Class<?>> classes = new ArrayList<>();
		for (int i = 0; i < CLASSES; i++) {
			Class<?> configuration = CONFIGURATIONS.get(i % CONFIGURATIONS.size());
			String name = "%sGenerated%dTests".formatted(configuration.getName().replace('$', '_'), i);
			classes.add(new ByteBuddy().subclass(configuration)
				.name(name)
				.modifiers(Visibility.PUBLIC)
				.make()
				.load(ManyContextsTests.class.getClassLoader(), ClassLoadingStrategy.Default.INJECTION)
				.getLoaded());
		}
		return classes;
	}

	private static LauncherDiscoveryRequest request(List<Class<?>> classes) {
		return LauncherDiscoveryRequestBuilder.request()
			.selectors(classes.stream().map(DiscoverySelectors::selectClass).toList())
			.configurationParameter("junit.jupiter.execution.parallel.enabled", "false")
			.build();
	}

	/**
	 * What all of them test.
	 */
	@ContextConfiguration(classes = MapsApplication.class)
	public abstract static class Template {

		@Autowired
		private ApplicationContext context;

		@GrpcStub
		private RouteGuideGrpc.RouteGuideBlockingStub routeGuide;

		@Autowired
		private RouteGuideGrpc.RouteGuideBlockingStub autowired;

		@Test
		void serves() {
			CONTEXTS.add(this.context);
			assertThat(this.autowired.getFeature(Points.OSLO).getName()).isEqualTo("Oslo");
			assertThat(this.routeGuide.getFeature(Points.OSLO).getName()).isEqualTo("Oslo");
		}

	}

	@SpringBootTest(properties = "number=0")
	public static class InProcess0 extends Template {

	}

	@SpringBootTest(properties = "number=1")
	public static class InProcess1 extends Template {

	}

	@SpringBootTest(properties = "number=2")
	public static class InProcess2 extends Template {

	}

	@SpringBootTest(properties = "number=3")
	public static class InProcess3 extends Template {

	}

	@SpringBootTest(properties = "number=4")
	public static class InProcess4 extends Template {

	}

	@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT, properties = "number=0")
	public static class RandomPort0 extends Template {

	}

	@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT, properties = "number=1")
	public static class RandomPort1 extends Template {

	}

	@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT, properties = "number=2")
	public static class RandomPort2 extends Template {

	}

	@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT, properties = "number=3")
	public static class RandomPort3 extends Template {

	}

	@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT, properties = "number=4")
	public static class RandomPort4 extends Template {

	}

}
