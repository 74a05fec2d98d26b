// Lines over time as bars: heights, what lies under the pointer, the range that is
// chosen.
import type { LogHistogram } from "../bindings";

export type Bar = { x: number; width: number; parts: { level: number; y: number; height: number }[] };
export type TimeSpan = { since: number; until: number };

const GAP = 1;
const LEAST = 1.5;

/** Stacked bars in a box, the worst levels at the foot, where they are seen. Heights go
 *  by the square root, so that one line stays in sight beside a thousand. */
export function barsOf(histogram: LogHistogram, width: number, height: number): Bar[] {
  const totals = histogram.counts.map(sum);
  const most = Math.max(1, ...totals);
  const step = width / Math.max(1, histogram.counts.length);
  return histogram.counts.flatMap((counts, index) => {
    const total = totals[index] as number;
    if (total === 0) return [];
    const full = Math.max(LEAST, Math.sqrt(total / most) * height);
    return [{ x: index * step, width: Math.max(1, step - GAP), parts: stack(counts, total, full, height) }];
  });
}

function stack(counts: readonly number[], total: number, full: number, height: number): Bar["parts"] {
  const parts: Bar["parts"] = [];
  let foot = height;
  for (let level = counts.length - 1; level >= 0; level--) {
    const count = counts[level] as number;
    if (count === 0) continue;
    // Trouble is never too thin to see.
    const share = Math.max(level >= 3 ? LEAST : 0, (count / total) * full);
    const size = Math.min(share, full - (height - foot));
    if (size <= 0) continue;
    foot -= size;
    parts.push({ level, y: foot, height: size });
  }
  return parts;
}

/** The bucket under a place; null beside the box. */
export function bucketAt(histogram: LogHistogram, x: number, width: number): number | null {
  const count = histogram.counts.length;
  if (count === 0 || width <= 0) return null;
  return Math.min(count - 1, Math.max(0, Math.floor((x / width) * count)));
}

/** The time from one bucket to another, both included, in either order. */
export function spanOf(histogram: LogHistogram, one: number, other: number): TimeSpan {
  const first = Math.min(one, other);
  const last = Math.max(one, other);
  return { since: histogram.from + first * histogram.step, until: histogram.from + (last + 1) * histogram.step };
}

/** What a bucket holds, worst first: `3 error, 120 info`. */
export function bucketText(counts: readonly number[], levels: readonly string[]): string {
  const parts = levels.map((level, index) => ({ level, count: counts[index] ?? 0 })).filter(({ count }) => count > 0).toReversed();
  return parts.length ? parts.map(({ level, count }) => `${count.toLocaleString("en")} ${level}`).join(", ") : "no lines";
}

export function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
