// How a run ended: word, shape and what it means.
import type { RunResult, Status } from "../bindings";

export const RESULTS: Record<RunResult, { word: string; status: Status; meaning: string }> = {
  running: { word: "Running", status: "Starting", meaning: "Still going on" },
  clean: { word: "Clean", status: "Healthy", meaning: "Nothing ended unexpectedly" },
  troubled: { word: "Troubled", status: "Unhealthy", meaning: "At least one service was in trouble" },
  interrupted: { word: "Interrupted", status: "Degraded", meaning: "The engine or the machine went away" },
};
