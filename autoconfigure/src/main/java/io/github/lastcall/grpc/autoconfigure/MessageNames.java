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

import java.lang.reflect.Method;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import org.springframework.expression.ParseException;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.ast.PropertyOrFieldReference;
import org.springframework.expression.spel.ast.VariableReference;
import org.springframework.expression.spel.standard.SpelExpressionParser;
import org.springframework.security.core.parameters.DefaultSecurityParameterNameDiscoverer;

/**
 * Messages that an expression of {@code @PreAuthorize} names.
 */
final class MessageNames {

	/**
	 * Variables that every expression has.
	 */
	private static final List<String> ALWAYS = List.of("#root", "#this");

	/**
	 * Properties of the root object that stand for returned and filtered objects.
	 */
	private static final List<String> OBJECTS = List.of("returnObject", "filterObject");

	private MessageNames() {
	}

	/**
	 * Returns the names in an expression that are not parameters of its method.
	 */
	static List<String> in(String expression, Method method) {
		Set<String> known = new HashSet<>(ALWAYS);
		String[] parameters = new DefaultSecurityParameterNameDiscoverer().getParameterNames(method);
		for (int i = 0; i < method.getParameterCount(); i++) {
			known.addAll(List.of("#a" + i, "#p" + i));
			if (parameters != null) {
				known.add("#" + parameters[i]);
			}
		}
		Set<String> names = new TreeSet<>();
		try {
			collect(new SpelExpressionParser().parseRaw(expression).getAST(), names);
		}
		catch (ParseException ex) {
			// Spring Security fails on the call, which is denied.
		}
		names.removeAll(known);
		return List.copyOf(names);
	}

	private static void collect(SpelNode node, Set<String> names) {
		if (node instanceof VariableReference) {
			names.add(node.toStringAST());
		}
		else if (node instanceof PropertyOrFieldReference property && OBJECTS.contains(property.getName())) {
			names.add(property.getName());
		}
		for (int i = 0; i < node.getChildCount(); i++) {
			collect(node.getChild(i), names);
		}
	}

}
