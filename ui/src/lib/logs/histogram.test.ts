// Bars, buckets and ranges of the histogram.
import { expect, it } from "vitest";
import type { LogHistogram } from "../bindings";
import { barsOf, bucketAt, bucketText, spanOf } from "./histogram";

const histogram: LogHistogram = { from: 1_000, to: 1_400, step: 100, exact: true, counts: [[0, 0, 100, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 24, 0, 1, 0], [0, 0, 9_999, 0, 1, 0]] };

it("draws a bar for each bucket that has lines, none above the box", () => {
  const bars = barsOf(histogram, 400, 40);
  expect(bars.map(({ x }) => x)).toEqual([0, 200, 300]);
  for (const { parts } of bars) {
    expect(parts.reduce((total, { height }) => total + height, 0)).toBeLessThanOrEqual(40 + 1e-9);
    expect(Math.min(...parts.map(({ y }) => y))).toBeGreaterThanOrEqual(-1e-9);
  }
  expect(bars[0]?.parts[0]?.height).toBeCloseTo(4);
});
it("keeps one error in sight beside ten thousand lines", () => {
  const error = barsOf(histogram, 400, 40)[2]?.parts[0];
  expect(error).toMatchObject({ level: 4 });
  expect(error?.height).toBeGreaterThanOrEqual(1.5);
});
it("finds the bucket under the pointer and the time of a range in either direction", () => {
  expect([bucketAt(histogram, 0, 400), bucketAt(histogram, 399, 400), bucketAt(histogram, -5, 400), bucketAt(histogram, 999, 400)]).toEqual([0, 3, 0, 3]);
  expect(bucketAt({ ...histogram, counts: [] }, 3, 400)).toBe(null);
  expect(spanOf(histogram, 2, 1)).toEqual({ since: 1_100, until: 1_300 });
});
it("says what a bucket holds, worst first", () => {
  const levels = ["trace", "debug", "info", "warn", "error", "fatal"];
  expect(bucketText([0, 0, 1_200, 0, 3, 0], levels)).toBe("3 error, 1,200 info");
  expect(bucketText([0, 0, 0, 0, 0, 0], levels)).toBe("no lines");
});
