// Which spans a small picture of a whole trace draws: all of them where there is room,
// a fair choice where not; errors are always among them.
import type { Span } from "../bindings";

const MOST = 4_000;

export type MiniBar = { index: number; row: number };

export function miniBars(spans: readonly Span[], most = MOST): MiniBar[] {
  const stride = Math.max(1, Math.ceil(spans.length / most));
  const bars: MiniBar[] = [];
  spans.forEach(({ status }, index) => { if (index % stride === 0 || (status === "error" && bars.length < most * 2)) bars.push({ index, row: index }); });
  return bars;
}
