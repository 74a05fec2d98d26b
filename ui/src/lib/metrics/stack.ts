// Lines that lie on each other: the height of all is their sum, and each is as thick as its
// value. Only of what adds up: bytes, cores, counts and rates, and neither percentiles nor
// how long something takes.
import type { MetricQuery, MetricShow } from "../bindings";
import { isStrings, recall, remember } from "../state/memory";
import { GAP_BRIDGED, usualDistance, type Picture } from "./series";

const SUMS = new Set<MetricShow>(["rate", "delta", "count"]);
const MEMORY = "metrics-stacked";
/** Charts that are remembered; the oldest are forgotten first. */
const MOST_REMEMBERED = 100;

/** Whether the lines of a picture add up to something, and there are several. */
export function canStack(picture: Picture, queries: readonly MetricQuery[]): boolean {
  if (picture.heatmap !== null || picture.lines.length < 2) return false;
  return queries.every(({ metric, show }) => SUMS.has(show) || (show === "value" && addsUp(metric, picture.unit)));
}

/** Amounts add up, as do shares of a machine; other shares, temperatures and times do not. */
function addsUp(metric: string, unit: string | null): boolean {
  if (unit === "%") return /cpu/.test(metric);
  return /^(\{.+\}|[KMGT]?i?By)$/.test(unit ?? "");
}

/** Each visible line on top of those before it. */
export function stacked(picture: Picture, hidden: ReadonlySet<string>): Picture {
  // By name and not by size: layers keep their places while values change.
  const lines = picture.lines.filter(({ key }) => !hidden.has(key)).toSorted((one, other) => (one.key < other.key ? -1 : 1));
  const values = lines.map(({ points }) => bridged(points));
  const sums: (number | null)[] = picture.times.map(() => null);
  const tops = values.map((points) => points.map((value, index) => {
    if (value !== null) sums[index] = (sums[index] ?? 0) + value;
    // Where this line has nothing, the layer is as thin as a line.
    return sums[index] ?? null;
  }));
  // A layer without value below all others lies on the ground where others have some.
  const grounded = tops.map((points) => points.map((top, index) => (top === null && sums[index] !== null ? 0 : top)));
  return { ...picture, stacked: true, exemplars: [], lines: lines.map((line, index) => ({ ...line, dash: false, low: null, high: null, points: grounded[index] ?? [] })) };
}

/** Values come in steps of their own: between two that follow each other the first holds. */
function bridged(points: readonly (number | null)[]): (number | null)[] {
  const reach = usualDistance(points) * GAP_BRIDGED;
  const filled = [...points];
  let last = -1;
  points.forEach((value, index) => {
    if (value === null) return;
    if (last >= 0 && index - last <= reach) filled.fill(points[last] ?? null, last + 1, index);
    last = index;
  });
  return filled;
}

/** The sum of what is shown at a step; null where there is nothing. */
export function totalAt(picture: Picture, hidden: ReadonlySet<string>, index: number): number | null {
  return stacked(picture, hidden).lines.at(-1)?.points[index] ?? null;
}

/** What a chart is remembered by, whatever it is narrowed to. */
export function stackKey(queries: readonly MetricQuery[]): string {
  return queries.map(({ metric, show, group_by }) => [metric, show, ...group_by].join(" ")).join(" + ");
}

export function isStacked(key: string): boolean {
  return recall(MEMORY, [], isStrings).includes(key);
}

export function rememberStacked(key: string, on: boolean): void {
  const others = recall(MEMORY, [], isStrings).filter((other) => other !== key);
  remember(MEMORY, on ? [...others, key].slice(-MOST_REMEMBERED) : others);
}
