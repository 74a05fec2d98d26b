// The outline of a small chart. Newest sample at the right edge; the scale has a
// floor so that idle noise does not look like load.

const LEAST_PEAK = 5;
const MARGIN = 1;

export type SparklineShape = { line: string; area: string };

export function sparkline(samples: readonly number[], capacity: number, width: number, height: number): SparklineShape {
  if (samples.length === 0) return { line: "", area: "" };
  const shown = samples.slice(-capacity);
  const step = width / Math.max(1, capacity - 1);
  const peak = Math.max(LEAST_PEAK, ...shown);
  const points = shown.map((value, index) => ({
    x: round(width - (shown.length - 1 - index) * step),
    y: round(height - MARGIN - (Math.max(0, value) / peak) * (height - 2 * MARGIN)),
  }));
  const first = points[0] as { x: number; y: number };
  const path = points.map(({ x, y }) => `${x} ${y}`).join("L");
  return { line: `M${path}`, area: `M${first.x} ${height}L${path}L${width} ${height}Z` };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
