// The last runs side by side: how long each took to get ready, and how it ended.
import type { Run, RunResult } from "../bindings";
import { formatDuration } from "../format/duration";

export type Bar = { id: string; result: RunResult; height: number; ready: boolean };

const MOST = 40;

/** Bars from the oldest to the newest, up to this height; a run that never got ready has a short one of its own look. */
export function barsOf(runs: readonly Run[], height: number): Bar[] {
  const shown = runs.slice(0, MOST).toReversed();
  const most = Math.max(1, ...shown.map(({ time_to_ready }) => time_to_ready ?? 0));
  return shown.map(({ id, result, time_to_ready }) => ({
    id, result, ready: time_to_ready !== null,
    height: time_to_ready === null ? 3 : Math.max(3, Math.round((time_to_ready / most) * height)),
  }));
}

/** The same in words, for whoever does not see it. */
export function stripText(runs: readonly Run[]): string {
  const ready = runs.slice(0, MOST).map(({ time_to_ready }) => time_to_ready).filter((span) => span !== null);
  const troubled = runs.slice(0, MOST).filter(({ result }) => result === "troubled" || result === "interrupted").length;
  const sorted = ready.toSorted((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)];
  const count = Math.min(MOST, runs.length);
  return `Last ${count} runs: ${median === undefined ? "none got ready" : `ready in ${formatDuration(median)} at the median`}, ${troubled} in trouble`;
}
