// When a run went on, as bounds of a question: its lines are those of that time.
import type { Run } from "../bindings";

export type Bounds = { since: number | null; until: number | null };

/** The narrower of two pairs of bounds. */
export function within(one: Bounds, other: Bounds): Bounds {
  return { since: pick(Math.max, one.since, other.since), until: pick(Math.min, one.until, other.until) };
}

/** From the start of a run to its end; null where the run is not among these. */
export function spanOfRun(runs: readonly Run[], id: string): Bounds | null {
  const run = runs.find((candidate) => candidate.id === id);
  // What was said at the very end belongs to it.
  return run ? { since: run.started, until: run.ended === null ? null : run.ended + 1 } : null;
}

function pick(choose: (one: number, other: number) => number, one: number | null, other: number | null): number | null {
  return one === null ? other : other === null ? one : choose(one, other);
}
