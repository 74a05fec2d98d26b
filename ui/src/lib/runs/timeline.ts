// The course of a run as stretches of one status per service, in shares of the
// whole width.
import type { Status, Transition } from "../bindings";

export type Stretch = { status: Status; from: number; to: number; cause: string; left: number; width: number };
export type Lane = { service: string; stretches: Stretch[] };

/** Lanes in the order of each service's first change. */
export function lanesOf(transitions: readonly Transition[], started: number, ended: number): Lane[] {
  const byService = new Map<string, Transition[]>();
  for (const transition of transitions.toSorted((one, other) => one.at - other.at))
    byService.set(transition.service, [...(byService.get(transition.service) ?? []), transition]);
  const span = Math.max(1, ended - started);
  return [...byService].map(([service, changes]) => ({ service, stretches: stretchesOf(changes, started, ended, span) }));
}

function stretchesOf(changes: readonly Transition[], started: number, ended: number, span: number): Stretch[] {
  const stretches: Stretch[] = [];
  changes.forEach((change, index) => {
    const from = Math.max(started, change.at);
    const to = Math.max(from, Math.min(ended, changes[index + 1]?.at ?? ended));
    const last = stretches.at(-1);
    if (last && last.status === change.status) {
      last.to = to;
      last.width = share(to - last.from, span);
      last.cause = change.cause;
    } else stretches.push({ status: change.status, from, to, cause: change.cause, left: share(from - started, span), width: share(to - from, span) });
  });
  return stretches;
}

/** Round moments for the axis: at most `most` of them, with the distance from the start. */
export function ticksOf(span: number, most = 6): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400].map((seconds) => seconds * 1_000);
  const step = steps.find((candidate) => span / candidate <= most) ?? 86_400_000;
  return Array.from({ length: Math.min(50, Math.floor(span / step) + 1) }, (_, index) => index * step);
}

function share(part: number, whole: number): number {
  return Math.round((part / whole) * 1e5) / 1e3;
}
