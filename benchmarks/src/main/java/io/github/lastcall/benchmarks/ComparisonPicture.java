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

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.style.CategoryStyler;

/**
 * Calls per second of every server, one chart for each load: Last Call in one colour, the
 * others in another.
 */
final class ComparisonPicture {

	private static final Color LAST_CALL = new Color(0x1f6feb);

	private static final Color OTHERS = new Color(0x9aa4ae);

	private final List<String> servers;

	private final List<Load> loads;

	private final Measurements measurements;

	ComparisonPicture(List<ServerFacts> servers, List<Load> loads, Measurements measurements) {
		this.servers = servers.stream().map(ServerFacts::name).toList();
		this.loads = loads;
		this.measurements = measurements;
	}

	void write(Path file) throws IOException {
		List<CategoryChart> charts = this.loads.stream().map(this::chart).toList();
		BitmapEncoder.saveBitmap(charts, charts.size(), 1, file.toString(), BitmapFormat.PNG);
		System.out.println("written: " + file);
	}

	private CategoryChart chart(Load load) {
		CategoryChart chart = new CategoryChartBuilder().width(1000).height(340).title(load.text()).build();
		chart.setYAxisTitle("calls/s");
		CategoryStyler styler = chart.getStyler();
		styler.setOverlapped(true);
		styler.setLegendVisible(false);
		styler.setLabelsVisible(true);
		styler.setLabelsPosition(1.0);
		styler.setXAxisLabelRotation(35);
		styler.setYAxisDecimalPattern("#,##0");
		styler.setChartBackgroundColor(Color.WHITE);
		styler.setPlotBorderVisible(false);
		styler.setAvailableSpaceFill(0.7);
		chart.addSeries("Last Call", this.servers, values(load, true)).setFillColor(LAST_CALL);
		chart.addSeries("others", this.servers, values(load, false)).setFillColor(OTHERS);
		return chart;
	}

	private List<Double> values(Load load, boolean lastCall) {
		List<Double> values = new ArrayList<>();
		for (String server : this.servers) {
			boolean shown = server.startsWith("lastcall") == lastCall;
			values.add(shown ? this.measurements.spread(load.name(), server, Round::callsPerSecond).median() : null);
		}
		return values;
	}

}
