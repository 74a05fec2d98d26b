// What is said of alerts and silences.
import type { Alert, AlertList, Silence } from "../bindings";
import { formatDuration, formatUptime } from "../format/duration";

export type Silences = ReadonlyMap<string, Silence>;

export function silencesOf(list: AlertList | null): Silences {
  return new Map((list?.silences ?? []).map((silence) => [silence.service, silence]));
}

/** Open ones and those that are over, each the newest first. */
export function parted(list: AlertList): { open: Alert[]; closed: Alert[] } {
  const open = list.alerts.filter(({ closed }) => closed === null);
  return { open, closed: list.alerts.filter(({ closed }) => closed !== null) };
}

/** `recovered after 42 s`, `for 4m 12s`. */
export function lasted(alert: Alert, now: number): string {
  if (alert.closed === null) return `for ${formatUptime(now - alert.since)}`;
  const words = { recovered: "recovered", stopped: "stopped", run_ended: "the run ended" } as const;
  return `${words[alert.ending ?? "recovered"]} after ${formatDuration(alert.closed - alert.since)}`;
}

/** How long a silence holds: `silent for 42m 10s more`, `silent for this run`, `silent`. */
export function silenceText(silence: Silence, now: number): string {
  if (silence.until !== null) return `silent for ${formatUptime(silence.until - now)} more`;
  return silence.run === null ? "silent" : "silent for this run";
}
