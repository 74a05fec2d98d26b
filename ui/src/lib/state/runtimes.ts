// What a person reads of the state of a container runtime.
import type { RuntimeChoice, RuntimeState, Status } from "../bindings";
import { sentence } from "../format/sentence";

export const RUNTIME_STATES: Record<RuntimeState, { word: string; status: Status }> = {
  ready: { word: "Ready", status: "Healthy" },
  not_running: { word: "Not running", status: "Stopped" },
  no_permission: { word: "No permission", status: "Unhealthy" },
  not_installed: { word: "Not installed", status: "Stopped" },
  silent: { word: "Does not answer", status: "Unhealthy" },
  failed: { word: "Failed", status: "Unhealthy" },
};

/** What it is called: its own name, or its make. */
export function runtimeName({ name, kind, source }: RuntimeChoice): string {
  return name ?? { docker: "Docker", podman: "Podman", unknown: sentence(source) }[kind];
}

/** A text cut at backticks: every second part is code. */
export function codeParts(text: string): { text: string; code: boolean }[] {
  return text.split("`").map((part, index) => ({ text: part, code: index % 2 === 1 })).filter((part) => part.text !== "");
}
