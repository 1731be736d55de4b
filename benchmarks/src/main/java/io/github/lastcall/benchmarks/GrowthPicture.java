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
import java.util.List;

import io.github.lastcall.benchmarks.Growth.Point;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.XYStyler;

/**
 * What has been measured over the size, one chart for each metric, one line for each
 * server.
 */
final class GrowthPicture {

	private final String axis;

	private final List<Point> points;

	GrowthPicture(String axis, List<Point> points) {
		this.axis = axis;
		this.points = points;
	}

	void write(Path file) throws IOException {
		List<XYChart> charts = this.points.stream().map(Point::metric).distinct().map(this::chart).toList();
		BitmapEncoder.saveBitmap(charts, charts.size(), 1, file.toString(), BitmapFormat.PNG);
		System.out.println("written: " + file);
	}

	private XYChart chart(String metric) {
		XYChart chart = new XYChartBuilder().width(800).height(260).title(metric).xAxisTitle(this.axis).build();
		XYStyler styler = chart.getStyler();
		styler.setXAxisLogarithmic(true);
		styler.setXAxisDecimalPattern("#,##0");
		styler.setXAxisMin(1.0);
		styler.setXAxisMax((double) this.points.stream().mapToInt(Point::size).max().orElse(1));
		styler.setYAxisMin(0.0);
		styler.setYAxisDecimalPattern("#,##0.##");
		styler.setChartBackgroundColor(Color.WHITE);
		styler.setPlotBorderVisible(false);
		List<Point> all = this.points.stream().filter((point) -> point.metric().equals(metric)).toList();
		List<String> servers = all.stream().map(Point::server).distinct().toList();
		styler.setLegendVisible(servers.size() > 1);
		styler.setLegendPosition(LegendPosition.InsideNW);
		for (String server : servers) {
			List<Point> own = all.stream().filter((point) -> point.server().equals(server)).toList();
			chart.addSeries(server, own.stream().map(Point::size).toList(),
					own.stream().map((point) -> point.values().median()).toList());
		}
		return chart;
	}

}
