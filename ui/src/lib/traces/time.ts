// Durations in nanoseconds, in words, and the marks of a time axis.

const UNITS: readonly [nanos: number, unit: string][] = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];

/** Three digits and a unit: `480 ns`, `12.4 µs`, `3.10 ms`, `1.40 s`, `2m 05s`. */
export function formatNs(nanos: number): string {
  if (!Number.isFinite(nanos) || nanos === 0) return "0 ms";
  if (nanos < 0) return `−${formatNs(-nanos)}`;
  if (nanos >= 60e9) return `${Math.floor(nanos / 60e9)}m ${String(Math.floor((nanos % 60e9) / 1e9)).padStart(2, "0")}s`;
  // What rounds up to a thousand belongs to the next unit.
  const [size, unit] = UNITS.find(([least]) => nanos >= least * 0.9995) ?? [1, "ns"];
  const value = nanos / size;
  const digits = unit === "ns" || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}

/** A duration as a person writes it into a search: `250ms`, `1.5s`, `80us`. */
export function writeNs(nanos: number): string {
  const [size, unit] = UNITS.find(([least]) => nanos >= least) ?? [1, "ns"];
  return `${Number((nanos / size).toPrecision(3))}${unit === "µs" ? "us" : unit}`;
}

/** Reads what writeNs() wrote; a number without a unit is milliseconds. Null where it is none. */
export function readNs(text: string): number | null {
  const found = /^(\d+(?:\.\d+)?|\.\d+)\s*(ns|us|µs|ms|s|m|h)?$/i.exec(text.trim());
  if (!found) return null;
  const sizes: Record<string, number> = { ns: 1, us: 1e3, "µs": 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3_600e9 };
  return Number(found[1]) * (sizes[(found[2] ?? "ms").toLowerCase()] as number);
}

/** Round values from one end to the other, at most so many. */
export function ticksOf(from: number, to: number, most: number): number[] {
  const span = to - from;
  if (!(span > 0) || most < 1) return [];
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
  const ticks: number[] = [];
  for (let count = Math.ceil(from / step); count * step <= to * 1.000001; count++) ticks.push(count * step);
  return ticks;
}
