// A number over the time of a step as the outline of a small chart.
import type { Curve } from "../bindings";

export type CurveShape = { line: string; area: string; most: number; last: number };

/** The chart in this many pixels; null where two points do not make a line. */
export function curveShape({ points }: Curve, width: number, height: number): CurveShape | null {
  const end = points.at(-1);
  if (!end || points.length < 2 || end.at === 0) return null;
  const most = Math.max(...points.map(({ value }) => value));
  const x = (at: number): number => Math.round((at / end.at) * width * 10) / 10;
  const y = (value: number): number => Math.round((height - 1 - (Math.max(0, value) / (most || 1)) * (height - 2)) * 10) / 10;
  const path = points.map(({ at, value }) => `${x(at)} ${y(value)}`).join("L");
  return { line: `M${path}`, area: `M${x(points[0]!.at)} ${height}L${path}L${width} ${height}Z`, most, last: end.value };
}
