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

import io.github.lastcall.benchmarks.RollingRestart.Restart;
import io.github.lastcall.benchmarks.RollingRestart.ServerRun;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Failed calls per 100 ms over the first roll, one lane per server.
 */
final class RollPicture {

	private static final Color FAILED = new Color(0xc0392b);

	private static final int BIN_MILLIS = 100;

	private static final long BEFORE_MILLIS = 2_000;

	private final List<ServerRun> runs;

	RollPicture(List<ServerRun> runs) {
		this.runs = runs;
	}

	void write(Path file) throws IOException {
		double seconds = this.runs.stream().mapToDouble((run) -> length(run) / 1000.0).max().orElse(1);
		int highest = Math.max(10, this.runs.stream().mapToInt((run) -> highest(bins(run))).max().orElse(0));
		List<XYChart> charts = this.runs.stream().map((run) -> chart(run, seconds, highest)).toList();
		BitmapEncoder.saveBitmap(charts, charts.size(), 1, file.toString(), BitmapFormat.PNG);
	}

	private static XYChart chart(ServerRun run, double seconds, int highest) {
		int[] bins = bins(run);
		int failed = 0;
		List<Double> x = new ArrayList<>();
		List<Double> y = new ArrayList<>();
		for (int i = 0; i < bins.length; i++) {
			failed += bins[i];
			x.add((i * BIN_MILLIS - BEFORE_MILLIS) / 1000.0);
			y.add((double) bins[i]);
		}
		XYChart chart = new XYChartBuilder().width(1000)
			.height(200)
			.title("%s: %d calls failed in one roll".formatted(run.server(), failed))
			.xAxisTitle("seconds since the first SIGTERM (a line for each SIGTERM)")
			.yAxisTitle("failed / 100 ms")
			.build();
		XYStyler styler = chart.getStyler();
		styler.setYAxisMin(0.0);
		styler.setYAxisMax((double) highest);
		styler.setYAxisDecimalPattern("0");
		styler.setXAxisMin(-BEFORE_MILLIS / 1000.0);
		styler.setXAxisMax(seconds);
		styler.setXAxisDecimalPattern("0");
		styler.setLegendVisible(false);
		styler.setChartBackgroundColor(Color.WHITE);
		styler.setPlotBorderVisible(false);
		long start = start(run);
		for (Restart restart : firstRoll(run)) {
			double at = (restart.terminated() - start) / 1000.0;
			XYSeries line = chart.addSeries("SIGTERM " + restart.replica(), new double[] { at, at },
					new double[] { 0, highest });
			line.setMarker(SeriesMarkers.NONE);
			line.setLineColor(Color.LIGHT_GRAY);
			line.setLineWidth(1);
		}
		XYSeries series = chart.addSeries("failed", x, y);
		series.setXYSeriesRenderStyle(XYSeriesRenderStyle.StepArea);
		series.setMarker(SeriesMarkers.NONE);
		series.setLineColor(FAILED);
		series.setFillColor(FAILED);
		series.setLineWidth(1);
		return chart;
	}

	private static int[] bins(ServerRun run) {
		long start = start(run) - BEFORE_MILLIS;
		int[] bins = new int[(int) ((length(run) + BEFORE_MILLIS) / BIN_MILLIS) + 1];
		for (FailureLog.Failure failure : run.failures().all()) {
			int bin = (int) Math.floorDiv(failure.millis() - start, (long) BIN_MILLIS);
			if (bin >= 0 && bin < bins.length) {
				bins[bin]++;
			}
		}
		return bins;
	}

	private static int highest(int[] bins) {
		int highest = 0;
		for (int bin : bins) {
			highest = Math.max(highest, bin);
		}
		return highest;
	}

	private static long start(ServerRun run) {
		return run.restarts().get(0).terminated();
	}

	private static long length(ServerRun run) {
		List<Restart> roll = firstRoll(run);
		return roll.get(roll.size() - 1).serving() + 5_000 - start(run);
	}

	private static List<Restart> firstRoll(ServerRun run) {
		return run.restarts().stream().filter((restart) -> restart.roll() == 1).toList();
	}

}
