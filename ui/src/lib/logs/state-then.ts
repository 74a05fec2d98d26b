// The state of a service at the time of one of its lines.
import type { Backend } from "../backend/backend";
import type { LogRecord, Run, Transition } from "../bindings";

const RUNS = 200;

/** The last change of the service before the line; null where it is not known. */
export async function stateAt(backend: Backend, environment: string, record: LogRecord): Promise<Transition | null> {
  const runs = await backend.call("runs.list", { environment, limit: RUNS });
  const run = runAt(runs, record.time);
  if (!run) return null;
  const { transitions } = await backend.call("runs.show", { run: run.id });
  return lastBefore(transitions, record.service, record.time);
}

/** The run that went on at a time. */
export function runAt(runs: readonly Run[], time: number): Run | null {
  return runs.find(({ started, ended }) => started <= time && (ended === null || time <= ended)) ?? null;
}

export function lastBefore(transitions: readonly Transition[], service: string, time: number): Transition | null {
  return transitions.findLast((transition) => transition.service === service && transition.at <= time) ?? null;
}
