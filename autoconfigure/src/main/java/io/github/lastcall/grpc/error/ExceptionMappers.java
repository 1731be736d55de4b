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

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.github.lastcall.grpc.server.GrpcServices;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/**
 * Finds what maps the exceptions of services, in its order: methods of the services
 * themselves, then the application's beans, then the defaults.
 *
 * @hidden
 */
public final class ExceptionMappers {

	private final ConfigurableListableBeanFactory beanFactory;

	/**
	 * Creates new {@link ExceptionMappers}.
	 * @param beanFactory where the beans are
	 */
	public ExceptionMappers(ConfigurableListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	/**
	 * Finds the mappers.
	 * @param services the services
	 */
	public List<GrpcExceptionMapper> find(GrpcServices services) {
		List<GrpcExceptionMapper> mappers = new ArrayList<>();
		for (GrpcServices.Registration service : services.application()) {
			HandlerMethods own = new HandlerMethods(service.beanName(), this.beanFactory.getBean(service.beanName()),
					service.name());
			if (!own.isEmpty()) {
				mappers.add(own);
			}
		}
		Map<String, GrpcExceptionMapper> beans = new LinkedHashMap<>();
		for (String name : this.beanFactory.getBeanNamesForAnnotation(GrpcAdvice.class)) {
			beans.put(name, new HandlerMethods(name, this.beanFactory.getBean(name), null));
		}
		beans.putAll(this.beanFactory.getBeansOfType(GrpcExceptionMapper.class));
		beans.keySet().stream().sorted(Comparator.comparingInt(this::order)).map(beans::get).forEach(mappers::add);
		return mappers;
	}

	private int order(String name) {
		if (this.beanFactory.getBean(name) instanceof Ordered ordered) {
			return ordered.getOrder();
		}
		Order order = this.beanFactory.findAnnotationOnBean(name, Order.class);
		return (order != null) ? order.value() : Ordered.LOWEST_PRECEDENCE - 1;
	}

}
