// Which time charts show: the last minutes up to now, a whole run, or a stretch of it.

export type RangeKey = "5m" | "15m" | "1h" | "run";
export const RANGES: readonly { key: RangeKey; word: string; millis: number | null }[] = [
  { key: "5m", word: "5 min", millis: 300_000 },
  { key: "15m", word: "15 min", millis: 900_000 },
  { key: "1h", word: "1 h", millis: 3_600_000 },
  { key: "run", word: "Run", millis: null },
];

export type Bounds = { since: number; until: number };

export function isRange(text: string | null): text is RangeKey {
  return RANGES.some(({ key }) => key === text);
}

/** The bounds of a range that ends now, or at the end of a run that is over. */
export function boundsOf(key: RangeKey, run: { started: number | null; ended: number | null }, now: number): Bounds {
  const until = run.ended ?? now;
  const millis = RANGES.find((range) => range.key === key)?.millis ?? null;
  const begin = run.started ?? until - 3_600_000;
  const since = millis === null ? begin : until - millis;
  return { since: Math.min(since, until - 1_000), until };
}

/** The stretch around a moment that shows what led to it. */
export function around(at: number, millis = 300_000): Bounds {
  return { since: at - millis / 2, until: at + millis / 2 };
}
