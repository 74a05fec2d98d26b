// What uPlot is told of a picture: scales, axes, lines, and what is drawn over them.
import uPlot from "uplot";
import { formatTime } from "../format/duration";
import { inkOf, inksOf } from "../style/ink";
import { groupMarks, MARKS, type MarkGroup } from "./marks";
import { GAP_BRIDGED, rangeOf, usualDistance, type Line, type Picture } from "./series";
import type { RunMark } from "../bindings";
import { formatValue, tickSteps } from "./units";

export type PlotEvents = { onzoom: (since: number, until: number) => void; oncursor: (index: number | null, left: number) => void };
/** What the drawing reads anew each time, so that new numbers need no new chart. */
export type PlotSource = { picture: () => Picture; marks: () => readonly RunMark[]; hidden: () => ReadonlySet<string>; bounds: () => { from: number; to: number } };

const FONT = '11px "Inter Variable", sans-serif';
/** Bands of lowest and highest are drawn where they can still be told apart. */
const MOST_BANDS = 6;
const SYNC = "benchtop-metrics";

/** Data in the order of the series: times, then each line, then its lowest and highest. */
export function dataOf(picture: Picture): uPlot.AlignedData {
  const middle = picture.step / 2;
  const times = picture.times.map((at) => at + middle);
  const bands = banded(picture).flatMap(({ low, high }) => [high ?? [], low ?? []]);
  return [times, ...picture.lines.map(({ points }) => points), ...bands] as uPlot.AlignedData;
}

function banded(picture: Picture): Line[] {
  return picture.lines.length <= MOST_BANDS ? picture.lines.filter(({ low, high }) => low !== null && high !== null) : [];
}

/** What decides that a chart must be made anew and not only get other numbers. */
export function shapeOf(picture: Picture, dark: boolean): string {
  return JSON.stringify([picture.lines.map(({ key, color, dash }) => [key, color, dash]), banded(picture).length, picture.unit, picture.heatmap?.bounds ?? null, picture.stacked ?? false, dark]);
}

export function optionsOf(source: PlotSource, width: number, height: number, events: PlotEvents): uPlot.Options {
  const picture = source.picture();
  const ink = inksOf("line", "text-subtle", "text-muted");
  const bands = banded(picture);
  const first = picture.lines.length + 1;
  return {
    width, height, ms: 1,
    padding: [18, 12, 0, 0],
    legend: { show: false },
    focus: { alpha: 0.25 },
    cursor: { sync: { key: SYNC, setSeries: false }, drag: { x: true, y: false, setScale: false }, focus: { prox: -1 }, points: { size: 7 }, y: false },
    scales: { x: { time: true, range: () => { const { from, to } = source.bounds(); return [from, to]; } }, y: { range: (_, low, high) => rangeOfScale(source.picture(), low, high) } },
    axes: [
      { stroke: ink["text-subtle"], font: FONT, grid: { show: false }, ticks: { stroke: ink.line, width: 1, size: 4 }, size: 26, space: 70, values: (_, splits, __, ___, step) => splits.map((at) => formatTime(at).slice(0, step >= 60_000 ? 5 : 8)) },
      { stroke: ink["text-subtle"], font: FONT, grid: { stroke: ink.line, width: 1 }, ticks: { show: false }, size: (_, values) => Math.max(40, ...(values ?? []).map((value) => value.length * 6.4 + 12)), space: 28, ...yAxis(picture) },
    ],
    series: [{}, ...picture.lines.map((line) => seriesOf(line, picture)), ...bands.flatMap(() => [hiddenSeries(), hiddenSeries()])],
    bands: picture.stacked ? layersOf(picture) : bands.map((line, index) => ({ series: [first + index * 2, first + index * 2 + 1], fill: inkOf(`color-mix(in srgb, ${line.color} 14%, transparent)`) })),
    hooks: {
      drawClear: [(plot) => { if (source.picture().heatmap) drawHeatmap(plot, source.picture()); }],
      draw: [(plot) => { drawMarks(plot, source.marks()); drawExemplars(plot, source.picture()); }],
      setCursor: [(plot) => events.oncursor(plot.cursor.idx ?? null, plot.cursor.left ?? -1)],
      setSelect: [(plot) => {
        const { left, width: wide } = plot.select;
        if (wide < 4) return;
        const [since, until] = [plot.posToVal(left, "x"), plot.posToVal(left + wide, "x")];
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        events.onzoom(Math.floor(since), Math.ceil(until));
      }],
    },
  };
}

/** The area of each layer but the lowest, which reaches down to zero by itself. */
function layersOf({ lines }: Picture): uPlot.Band[] {
  return lines.slice(1).map((line, index) => ({ series: [index + 2, index + 1], fill: layerInk(line) }));
}

function layerInk({ color }: Line): string {
  return inkOf(`color-mix(in srgb, ${color} 38%, transparent)`);
}

function rangeOfScale({ heatmap }: Picture, low: number | null, high: number | null): [number, number] {
  if (heatmap) return [0, heatmap.bounds.length + 1];
  const most = high === null || !Number.isFinite(high) ? 1 : high;
  const least = Math.min(0, low ?? 0);
  return [least, most <= least ? least + 1 : most + (most - least) * 0.08];
}

function yAxis({ heatmap, unit }: Picture): Partial<uPlot.Axis> {
  if (!heatmap) return { incrs: tickSteps(unit), values: (_, splits) => splits.map((value) => formatValue(value, unit)) };
  const rows = heatmap.bounds.length + 1;
  const step = Math.max(1, Math.ceil(rows / 8));
  return { splits: () => Array.from({ length: Math.floor((rows - 1) / step) }, (_, index) => (index + 1) * step), values: (_, splits) => splits.map((row) => formatValue(heatmap.bounds[row - 1] ?? null, unit)) };
}

function seriesOf(line: Line, picture: Picture): uPlot.Series {
  const known = line.points.flatMap((point, index) => (point === null ? [] : [index]));
  const usual = usualDistance(line.points);
  return {
    label: line.label, stroke: inkOf(line.color), width: 1.5, ...(picture.stacked && line === picture.lines[0] ? { fill: layerInk(line) } : {}), ...(line.dash ? { dash: [5, 4] } : {}), points: { show: known.length < 3, size: 5 },
    gaps: (plot, _, __, ___, gaps) => {
      const pixels = Math.abs(plot.valToPos(picture.step * usual * GAP_BRIDGED + (picture.times[0] ?? 0), "x", true) - plot.valToPos(picture.times[0] ?? 0, "x", true));
      return gaps.filter(([from, to]) => to - from > pixels);
    },
  };
}

function hiddenSeries(): uPlot.Series {
  return { stroke: "transparent", width: 0, points: { show: false } };
}

function drawHeatmap(plot: uPlot, { heatmap, times, step }: Picture): void {
  if (!heatmap) return;
  const { ctx } = plot;
  const ink = inkOf("--accent-text");
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
  ctx.clip();
  ctx.fillStyle = ink;
  heatmap.counts.forEach((column, index) => {
    const left = plot.valToPos(times[index] ?? 0, "x", true);
    const wide = Math.max(1, plot.valToPos((times[index] ?? 0) + step, "x", true) - left + 0.6);
    column.forEach((count, row) => {
      if (count === 0) return;
      // By the square root, so that one slow request beside thousands stays in sight.
      ctx.globalAlpha = 0.12 + 0.88 * Math.sqrt(count / heatmap.most);
      const top = plot.valToPos(row + 1, "y", true);
      ctx.fillRect(left, top, wide, plot.valToPos(row, "y", true) - top - 0.6);
    });
  });
  ctx.restore();
}

/** The groups of marks as they stand now; also for what lies under the pointer. */
export function markGroups(plot: uPlot, marks: readonly RunMark[]): MarkGroup[] {
  const { min, max } = plot.scales.x ?? {};
  if (min == null || max == null) return [];
  return groupMarks(marks.filter(({ at }) => at >= min && at <= max), (max - min) / Math.max(1, plot.bbox.width / devicePixelRatio));
}

function drawMarks(plot: uPlot, marks: readonly RunMark[]): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = `${10 * ratio}px "Inter Variable", sans-serif`;
  ctx.textBaseline = "alphabetic";
  ctx.textAlign = "left";
  let free = -Infinity;
  for (const { at, kind, label } of markGroups(plot, marks)) {
    const x = Math.round(plot.valToPos(at, "x", true)) + 0.5;
    const ink = inkOf(MARKS[kind].token);
    ctx.strokeStyle = ctx.fillStyle = ink;
    ctx.lineWidth = ratio;
    ctx.setLineDash([3 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top - 4 * ratio);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const width = ctx.measureText(label).width;
    const left = Math.min(x + 3 * ratio, bbox.left + bbox.width - width);
    if (left <= free) continue;
    ctx.fillText(label, left, bbox.top - 5 * ratio);
    free = left + width + 8 * ratio;
  }
  ctx.restore();
}

/** Where an exemplar stands on the canvas, in pixels of the style. */
export function exemplarPlace(plot: uPlot, picture: Picture, { at, value }: { at: number; value: number }): { x: number; y: number } {
  const row = picture.heatmap ? rowOfValue(picture.heatmap.bounds, value) + 0.5 : value;
  return { x: plot.valToPos(at, "x"), y: plot.valToPos(row, "y") };
}

function rowOfValue(bounds: readonly number[], value: number): number {
  const row = bounds.findIndex((_, index) => value <= rangeOf(bounds, index)[1]);
  return row < 0 ? bounds.length : row;
}

function drawExemplars(plot: uPlot, picture: Picture): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const size = 3.5 * ratio;
  ctx.save();
  ctx.fillStyle = inkOf("--canvas");
  ctx.strokeStyle = inkOf("--text");
  ctx.lineWidth = 1.5 * ratio;
  for (const exemplar of picture.exemplars) {
    const place = exemplarPlace(plot, picture, exemplar);
    // What lies above the scale stands at its upper edge: it is there, and can be opened.
    const [x, y] = [bbox.left + place.x * ratio, Math.max(bbox.top + size, bbox.top + place.y * ratio)];
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, y - size); ctx.lineTo(x + size, y); ctx.lineTo(x, y + size); ctx.lineTo(x - size, y);
    ctx.closePath();
    ctx.fill();
    ctx.stroke();
  }
  ctx.restore();
}
