// Answers to metric questions in the form that charts draw, and in words.
import type { Exemplar, MetricFrames, MetricQuery, MetricShow } from "../bindings";
import { SHOWS } from "./charts";
import { shownUnit } from "./units";

/** One line of a chart. */
export type Line = { key: string; label: string; service: string; color: string; dash: boolean; points: (number | null)[]; low: (number | null)[] | null; high: (number | null)[] | null };
export type Columns = { bounds: number[]; counts: number[][]; most: number };
export type Picture = { times: number[]; lines: Line[]; heatmap: Columns | null; exemplars: Exemplar[]; unit: string | null; omitted: number; step: number; stacked?: true };

const COLORS = 12;
/** Gaps up to so many times the usual distance of values are drawn through. */
export const GAP_BRIDGED = 2.5;
/** Charts whose height is a number of values: the value of one of them has no place there. */
const COUNTS = new Set<MetricShow>(["rate", "delta", "count"]);

/** Everything that one chart draws; shares become percent. */
export function pictureOf(frames: MetricFrames, queries: readonly MetricQuery[], colors: ReadonlyMap<string, string>): Picture {
  const count = Math.max(0, ...frames.frames.flatMap(({ series, heatmap }) => [...series.map(({ points }) => points.length), heatmap?.counts.length ?? 0]));
  const times = Array.from({ length: count }, (_, index) => frames.from + index * frames.step);
  const picture: Picture = { times, lines: [], heatmap: null, exemplars: [], unit: null, omitted: 0, step: frames.step };
  frames.frames.forEach((frame, index) => {
    const { unit, factor } = shownUnit(frame.metric, frame.unit);
    const scaled = (points: readonly (number | null)[]): (number | null)[] => (factor === 1 ? [...points] : points.map((point) => (point === null ? null : point * factor)));
    picture.unit ??= unit;
    picture.omitted += frame.omitted_series;
    if (!COUNTS.has(queries[index]?.show ?? "value")) picture.exemplars.push(...frame.exemplars.map((exemplar) => ({ ...exemplar, value: exemplar.value * factor })));
    if (frame.heatmap) picture.heatmap = { ...frame.heatmap, most: Math.max(1, ...frame.heatmap.counts.map((column) => Math.max(0, ...column))) };
    const show = queries.length > 1 && new Set(queries.map((query) => query.show)).size > 1 ? (queries[index]?.show ?? null) : null;
    for (const { service, attributes, points, min, max } of frame.series)
      picture.lines.push({ key: `${index}:${service}:${attributes.map(([, value]) => value).join(":")}`, label: labelOf(service, attributes, show), service, color: "", dash: false, points: scaled(points), low: min && scaled(min), high: max && scaled(max) });
  });
  return { ...picture, lines: colored(picture.lines, colors) };
}

function labelOf(service: string, attributes: readonly (readonly [string, string])[], show: MetricShow | null): string {
  const parts = attributes.map(([, value]) => value).filter(Boolean);
  return [service || "all", ...parts, ...(show === null ? [] : [SHOWS[show].word])].join(" · ");
}

/** The colour of its service; where all lines are of one service, each has its own. */
function colored(lines: readonly Line[], colors: ReadonlyMap<string, string>): Line[] {
  const services = new Set(lines.map(({ service }) => service));
  if (services.size === 1 && lines.length > 1) return lines.map((line, index) => ({ ...line, color: `var(--service-${(index * 5) % COLORS})` }));
  const seen = new Map<string, number>();
  return lines.map((line, index) => {
    const before = seen.get(line.service) ?? 0;
    seen.set(line.service, before + 1);
    return { ...line, color: colors.get(line.service) ?? `var(--service-${(index * 5) % COLORS})`, dash: before % 2 === 1 };
  });
}

export type Summary = { label: string; last: number | null; least: number | null; most: number | null; mean: number | null };

/** A line in numbers, for the table that stands in for the drawing. */
export function summaryOf({ label, points, low, high }: Line): Summary {
  const known = points.filter((point) => point !== null);
  const lows = (low ?? points).filter((point) => point !== null);
  const highs = (high ?? points).filter((point) => point !== null);
  if (known.length === 0) return { label, last: null, least: null, most: null, mean: null };
  return { label, last: known.at(-1) ?? null, least: lows.reduce((one, other) => Math.min(one, other), Infinity), most: highs.reduce((one, other) => Math.max(one, other), -Infinity), mean: known.reduce((sum, point) => sum + point, 0) / known.length };
}

/** How many steps usually lie between two values. */
export function usualDistance(points: readonly (number | null)[]): number {
  const known = points.flatMap((point, index) => (point === null ? [] : [index]));
  const distances = known.slice(1).map((place, index) => place - (known[index] as number)).toSorted((one, other) => one - other);
  return distances[Math.floor(distances.length / 2)] ?? 1;
}

/** The column of a moment; -1 outside. */
export function columnAt({ times, step }: Picture, at: number): number {
  const index = Math.floor((at - (times[0] ?? 0)) / step);
  return index >= 0 && index < times.length ? index : -1;
}

/** The range of values that a row of a heatmap stands for, lowest row first. */
export function rangeOf(bounds: readonly number[], row: number): [number, number] {
  const low = row === 0 ? 0 : (bounds[row - 1] ?? 0);
  return [low, bounds[row] ?? Infinity];
}

/** The share of its columns' counts below each row: where the median and the tail lie. */
export function quantileRow(column: readonly number[], share: number): number {
  const total = column.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (let row = 0; row < column.length; row++) {
    seen += column[row] ?? 0;
    if (total > 0 && seen >= total * share) return row;
  }
  return -1;
}
