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

package io.github.lastcall.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

import io.github.lastcall.benchmarks.Overload.Point;

/**
 * OK per second over offered per second, one line per server, one chart for each kind of
 * handlers.
 */
final class OverloadPicture {

	private static final List<String> COLOURS = List.of("#1f6feb", "#d9480f", "#2b8a3e", "#862e9c", "#e67700",
			"#495057");

	private static final int WIDTH = 520;

	private static final int HEIGHT = 400;

	private static final int LEFT = 70;

	private static final int TOP = 50;

	private static final int RIGHT = WIDTH - 30;

	private static final int BOTTOM = HEIGHT - 60;

	private static final int TICKS = 5;

	private final List<Point> points;

	private final List<String> servers;

	private final StringBuilder svg = new StringBuilder();

	OverloadPicture(List<Point> points) {
		this.points = points;
		this.servers = points.stream().map(Point::server).distinct().sorted().toList();
	}

	void write(Path file) throws IOException {
		List<String> handlers = this.points.stream().map(Point::handlers).distinct().toList();
		int height = HEIGHT + 30;
		add("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %1$d %2$d' width='%1$d' height='%2$d'"
				+ " font-family='sans-serif' font-size='13'>", WIDTH * handlers.size(), height);
		add("<rect width='100%%' height='100%%' fill='white'/>");
		for (int i = 0; i < handlers.size(); i++) {
			add("<g transform='translate(%d,0)'>", i * WIDTH);
			chart(handlers.get(i));
			add("</g>");
		}
		legend();
		add("</svg>");
		Files.writeString(file, this.svg);
		System.out.println("written: " + file);
	}

	private void chart(String handlers) {
		List<Point> own = this.points.stream().filter((point) -> point.handlers().equals(handlers)).toList();
		double step = step(own.stream().mapToDouble(OverloadPicture::offered).max().orElse(1));
		double upStep = step(1.15 * own.stream().mapToDouble(OverloadPicture::succeeded).max().orElse(1));
		text((LEFT + RIGHT) / 2, TOP - 20, "middle", "Handlers: " + handlers);
		for (int i = 0; i <= TICKS; i++) {
			double x = x(i, TICKS);
			double y = y(i, TICKS);
			add("<path d='M%1$.1f %2$d V%3$d M%4$d %5$.1f H%6$d' stroke='#e3e6e8'/>", x, BOTTOM, TOP, LEFT, y, RIGHT);
			text(x, BOTTOM + 18, "middle", number(i * step));
			text(LEFT - 8, y + 4, "end", number(i * upStep));
		}
		add("<path d='M%d %d V%d H%d' stroke='#343a40' fill='none'/>", LEFT, TOP, BOTTOM, RIGHT);
		text((LEFT + RIGHT) / 2, BOTTOM + 40, "middle", "offered calls per second");
		add("<text transform='translate(16,%d) rotate(-90)' text-anchor='middle'>OK per second</text>",
				(TOP + BOTTOM) / 2);
		double all = TICKS * Math.min(step, upStep);
		add("<path d='M%.1f %.1f L%.1f %.1f' stroke='#adb5bd' stroke-dasharray='5 4'/>", x(0, 1), y(0, 1),
				x(all, TICKS * step), y(all, TICKS * upStep));
		for (String server : this.servers) {
			line(own.stream().filter((point) -> point.server().equals(server)).toList(), TICKS * step, TICKS * upStep,
					colour(server));
		}
	}

	/**
	 * The worst run of each multiple.
	 */
	private void line(List<Point> points, double right, double top, String colour) {
		StringBuilder path = new StringBuilder("M%d %d".formatted(LEFT, BOTTOM));
		for (double factor : points.stream().map(Point::factor).distinct().sorted().toList()) {
			List<Point> runs = points.stream().filter((point) -> point.factor() == factor).toList();
			double x = x(Spread.of(runs.stream().map(OverloadPicture::offered).toList()).median(), right);
			double y = y(Spread.of(runs.stream().map(OverloadPicture::succeeded).toList()).min(), top);
			path.append(String.format(Locale.ROOT, " L%.1f %.1f", x, y));
			add("<circle cx='%.1f' cy='%.1f' r='4' fill='%s'/>", x, y, colour);
		}
		add("<path d='%s' stroke='%s' stroke-width='2.5' fill='none' stroke-opacity='0.85'/>", path, colour);
	}

	private void legend() {
		double x = LEFT;
		for (String server : this.servers) {
			add("<path d='M%1$.1f %2$d h24' stroke='%3$s' stroke-width='3'/>", x, HEIGHT + 10, colour(server));
			text(x + 30, HEIGHT + 14, "start", server);
			x += 60 + 8 * server.length();
		}
		add("<path d='M%1$.1f %2$d h24' stroke='#adb5bd' stroke-dasharray='5 4'/>", x, HEIGHT + 10);
		text(x + 30, HEIGHT + 14, "start", "every call succeeds");
	}

	private String colour(String server) {
		return COLOURS.get(this.servers.indexOf(server) % COLOURS.size());
	}

	private static double offered(Point point) {
		return point.offer().perSecond();
	}

	private static double succeeded(Point point) {
		return point.offer().okPerSecond();
	}

	/**
	 * A round number, so many of which reach at least so far.
	 */
	private static double step(double far) {
		double power = Math.pow(10, Math.floor(Math.log10(far / TICKS)));
		for (double step : new double[] { 1, 2, 2.5, 5 }) {
			if (step * power * TICKS >= far) {
				return step * power;
			}
		}
		return 10 * power;
	}

	private static double x(double value, double max) {
		return LEFT + (RIGHT - LEFT) * value / max;
	}

	private static double y(double value, double max) {
		return BOTTOM - (BOTTOM - TOP) * value / max;
	}

	private static String number(double value) {
		return String.format(Locale.ROOT, "%,.0f", value);
	}

	private void text(double x, double y, String anchor, String text) {
		add("<text x='%.1f' y='%.1f' text-anchor='%s'>%s</text>", x, y, anchor,
				text.replace("&", "&amp;").replace("<", "&lt;"));
	}

	private void add(String format, Object... values) {
		this.svg.append(String.format(Locale.ROOT, format, values)).append('\n');
	}

}
