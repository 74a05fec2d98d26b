// The five statuses: their order, their colour token, and the sentence that goes
// with a service.
import type { Level, Lifecycle, ServiceView, Status } from "../bindings";
import { formatUptime } from "./duration";

/** Worst first, as lists are sorted and counted. */
export const STATUSES: readonly Status[] = ["Unhealthy", "Degraded", "Starting", "Healthy", "Stopped"];

export function severity(status: Status): number {
  return STATUSES.indexOf(status);
}

/** The colour token of a status: `--healthy` and so on. */
export function statusToken(status: Status): string {
  return `--${status.toLowerCase()}`;
}

export const LEVELS: readonly Level[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** What needs saying about a service, one line; null where nothing does. */
export function statusNote(service: ServiceView, now: number): string | null {
  const next = service.lifecycle === "Backoff" && service.next_start !== null
    ? `next start in ${formatUptime(Math.max(0, service.next_start - now))}`
    : null;
  const said = [service.reason, service.progress].filter((part) => part !== null && part !== "" && part.toLowerCase() !== service.status.toLowerCase());
  if (said.length === 0) {
    const own = lifecycleNote(service);
    if (own) said.push(own);
  }
  if (next) said.push(next);
  return said.length ? said.join(" · ") : null;
}

function lifecycleNote(service: ServiceView): string | null {
  const notes: Partial<Record<Lifecycle, string>> = {
    Waiting: service.depends_on.length ? `Waiting for ${service.depends_on.join(", ")}` : "Waiting",
    Building: "Building",
    Stopping: "Stopping",
    Completed: service.exit_code === null ? "Completed" : `Completed with exit code ${service.exit_code}`,
    Failed: service.exit_code === null ? "Failed" : `Ended with exit code ${service.exit_code}`,
  };
  return notes[service.lifecycle] ?? null;
}

/** Whether an instance runs or is on its way. */
export function isActive(service: ServiceView): boolean {
  return !["Stopped", "Completed", "Failed"].includes(service.lifecycle);
}

/** Whether Start makes sense: nothing runs and Benchtop may start it. */
export function canStart(service: ServiceView): boolean {
  return service.kind !== "external" && !isActive(service);
}

/** Whether Stop makes sense. */
export function canStop(service: ServiceView): boolean {
  return service.kind !== "external" && isActive(service) && service.lifecycle !== "Stopping";
}

/** Whether something is on its way that can be called off: a wait, a build, a pull. */
export function canCancel(service: ServiceView): boolean {
  return service.kind !== "external" && (["Waiting", "Building"].includes(service.lifecycle) || (service.lifecycle === "Starting" && Boolean(service.pull)));
}

/** Whether Rebuild makes sense. */
export function canRebuild(service: ServiceView): boolean {
  return service.can_rebuild && service.lifecycle !== "Stopping" && service.lifecycle !== "Building";
}

/** Whether Restart makes sense. */
export function canRestart(service: ServiceView): boolean {
  return service.kind !== "external" && service.lifecycle !== "Stopping" && service.generation > 0;
}

/** Whether the engine knows more than the status: something is wrong, or the service is kept waiting. */
export function needsDiagnosis(service: ServiceView): boolean {
  return service.status === "Unhealthy" || service.status === "Degraded" || service.lifecycle === "Waiting";
}
