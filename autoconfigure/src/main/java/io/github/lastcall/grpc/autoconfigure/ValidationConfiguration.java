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

package io.github.lastcall.grpc.autoconfigure;

import java.util.ArrayList;
import java.util.List;

import build.buf.protovalidate.Validator;
import com.google.protobuf.Message;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.validation.GrpcValidator;
import io.github.lastcall.grpc.validation.Protovalidate;
import io.github.lastcall.grpc.validation.RequestRules;
import io.github.lastcall.grpc.validation.RequestValidation;
import io.github.lastcall.grpc.validation.TypedValidator;
import io.github.lastcall.grpc.validation.ViolationRecorder;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.ResolvableType;

/**
 * Validation of requests.
 */
@Configuration(proxyBeanMethods = false)
class ValidationConfiguration implements AopInfrastructureBean {

	@Bean
	RequestValidation lastCallRequestValidation(GrpcServerProperties properties,
			ConfigurableListableBeanFactory beanFactory, ObjectProvider<RequestRules> rules,
			ObjectProvider<ViolationRecorder> recorders) {
		GrpcServerProperties.Validation validation = properties.validation();
		return new RequestValidation(validation.enabled() ? validators(beanFactory) : List.of(), rules.getIfAvailable(),
				validation.mode() == GrpcServerProperties.ValidationMode.ENFORCE, (method, enforced,
						violations) -> recorders.forEach((each) -> each.violated(method, enforced, violations)));
	}

	@SuppressWarnings("unchecked")
	private static List<TypedValidator> validators(ConfigurableListableBeanFactory beanFactory) {
		List<TypedValidator> validators = new ArrayList<>();
		BeanFactoryUtils.beansOfTypeIncludingAncestors(beanFactory, GrpcValidator.class).forEach((name, validator) -> {
			if (!(validator instanceof RequestRules)) {
				validators.add(new TypedValidator(name, typeOf(name, validator, beanFactory),
						(GrpcValidator<Message>) validator));
			}
		});
		return validators;
	}

	/**
	 * Finds the type of the requests of a validator. A lambda does not know it, but the
	 * {@code @Bean} method that returns it does.
	 */
	private static Class<?> typeOf(String name, GrpcValidator<?> validator,
			ConfigurableListableBeanFactory beanFactory) {
		ResolvableType declared = beanFactory.containsBeanDefinition(name)
				? beanFactory.getMergedBeanDefinition(name).getResolvableType() : ResolvableType.NONE;
		for (ResolvableType type : List.of(ResolvableType.forClass(AopUtils.getTargetClass(validator)), declared)) {
			if (type.as(GrpcValidator.class).getGeneric(0).getType() instanceof Class<?> request) {
				return request;
			}
		}
		throw new GrpcServerStartException(
				"The GrpcValidator bean '%s' does not say which requests it validates.".formatted(name),
				"Declare its type with the request, or with com.google.protobuf.Message for all requests: "
						+ "make its @Bean method return GrpcValidator<YourRequest>, or let its class implement it.");
	}

	/**
	 * Rules in {@code .proto} files, if protovalidate is on the classpath.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(Validator.class)
	@ConditionalOnBooleanProperty(name = "grpc.server.validation.enabled", matchIfMissing = true)
	static class ProtovalidateConfiguration implements AopInfrastructureBean {

		@Bean
		static EarlyRules lastCallEarlyRules() {
			return new EarlyRules();
		}

		@Bean
		Protovalidate lastCallProtovalidate(ObjectProvider<Validator> validators) {
			Validator validator = validators.getIfAvailable();
			return (validator != null) ? Protovalidate.of(validator) : Protovalidate.withDefaults();
		}

	}

}
