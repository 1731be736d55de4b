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
package io.github.lastcall.grpc.testing;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import org.springframework.aop.MethodBeforeAdvice;
import org.springframework.aop.framework.autoproxy.DefaultAdvisorAutoProxyCreator;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.NameMatchMethodPointcut;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/**
 * Configuration of an application with an aspect around {@code getFeature}, by proxies of
 * classes unless the property {@code proxy-target-class} is false.
 */
@Configuration(proxyBeanMethods = false)
public class AdviceConfiguration {

	@Bean
	static DefaultAdvisorAutoProxyCreator autoProxyCreator(Environment environment) {
		DefaultAdvisorAutoProxyCreator creator = new DefaultAdvisorAutoProxyCreator();
		creator.setProxyTargetClass(environment.getProperty("proxy-target-class", boolean.class, true));
		return creator;
	}

	@Bean
	static Advised advised() {
		return new Advised();
	}

	@Bean
	static DefaultPointcutAdvisor advisor(Advised advised) {
		NameMatchMethodPointcut pointcut = new NameMatchMethodPointcut();
		pointcut.addMethodName("getFeature");
		MethodBeforeAdvice advice = (method, arguments, target) -> advised.methods.add(method.getName());
		return new DefaultPointcutAdvisor(pointcut, advice);
	}

	/**
	 * The methods that the aspect has seen.
	 */
	public static class Advised {

		public final List<String> methods = new CopyOnWriteArrayList<>();

	}

}
