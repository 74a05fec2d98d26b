// Latency over time as dots: where they stand, what lies under the pointer, and what a
// drag over them asks for.
import type { TraceDot } from "../bindings";

export type Frame = { from: number; to: number; low: number; high: number; width: number; height: number };
export type Brush = { since: number; until: number; min_ns: number; max_ns: number };

const LEAST_NS = 1_000;

/** Bounds around the dots: time from side to side, duration by its logarithm from foot to top. */
export function frameOf(dots: readonly TraceDot[], width: number, height: number, now: number): Frame {
  let [from, to, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { start, duration_ns } of dots) {
    from = Math.min(from, start);
    to = Math.max(to, start);
    low = Math.min(low, duration_ns);
    high = Math.max(high, duration_ns);
  }
  if (dots.length === 0) [from, to, low, high] = [now - 60_000, now, LEAST_NS, 1e9];
  if (to - from < 1_000) [from, to] = [from - 500, to + 500];
  const margin = (to - from) * 0.01;
  low = Math.max(LEAST_NS, low);
  return { from: from - margin, to: to + margin, low: low / 1.5, high: Math.max(high, low * 4) * 1.5, width, height };
}

export function xOf({ from, to, width }: Frame, at: number): number {
  return ((at - from) / (to - from)) * width;
}

export function yOf({ low, high, height }: Frame, nanos: number): number {
  return height - (Math.log(Math.max(low, nanos) / low) / Math.log(high / low)) * height;
}

export function timeAt({ from, to, width }: Frame, x: number): number {
  return from + (x / Math.max(1, width)) * (to - from);
}

export function durationAt({ low, high, height }: Frame, y: number): number {
  return low * (high / low) ** ((height - y) / Math.max(1, height));
}

/** Powers of ten within the frame. */
export function decades({ low, high }: Frame): number[] {
  const marks: number[] = [];
  for (let power = Math.ceil(Math.log10(low)); power <= Math.log10(high); power++) marks.push(10 ** power);
  return marks;
}

/** The nearest dot within reach; an error before another at the same place. */
export function dotAt(dots: readonly TraceDot[], frame: Frame, x: number, y: number, reach = 8): TraceDot | null {
  let best: TraceDot | null = null;
  let least = reach * reach;
  for (const dot of dots) {
    const distance = (xOf(frame, dot.start) - x) ** 2 + (yOf(frame, dot.duration_ns) - y) ** 2;
    if (distance < least || (distance === least && dot.error)) [best, least] = [dot, distance];
  }
  return best;
}

/** What a rectangle asks for: whole milliseconds of time, whole nanoseconds of duration. */
export function brushOf(frame: Frame, one: { x: number; y: number }, other: { x: number; y: number }): Brush {
  const clamp = (value: number, most: number): number => Math.min(most, Math.max(0, value));
  const [left, right] = [Math.min(one.x, other.x), Math.max(one.x, other.x)].map((x) => clamp(x, frame.width)) as [number, number];
  const [top, foot] = [Math.min(one.y, other.y), Math.max(one.y, other.y)].map((y) => clamp(y, frame.height)) as [number, number];
  return { since: Math.floor(timeAt(frame, left)), until: Math.ceil(timeAt(frame, right)), min_ns: Math.floor(durationAt(frame, foot)), max_ns: Math.ceil(durationAt(frame, top)) };
}
