// How scenarios and steps stand: word, shape and what it means.
import type { Progress, ScenarioReport, ScenarioStatus, Status, StepReport, StepStatus } from "../bindings";

export const OUTCOMES: Record<ScenarioStatus, { word: string; status: Status }> = {
  running: { word: "Running", status: "Starting" },
  passed: { word: "Passed", status: "Healthy" },
  failed: { word: "Failed", status: "Unhealthy" },
  cancelled: { word: "Cancelled", status: "Stopped" },
  interrupted: { word: "Interrupted", status: "Degraded" },
};

export const STEPS: Record<StepStatus, { word: string; status: Status }> = {
  pending: { word: "Pending", status: "Stopped" },
  running: { word: "Running", status: "Starting" },
  passed: { word: "Passed", status: "Healthy" },
  failed: { word: "Failed", status: "Unhealthy" },
  skipped: { word: "Skipped", status: "Stopped" },
  cancelled: { word: "Cancelled", status: "Stopped" },
};

/** `4,300 of 10,000 requests, 512/s`; what goes on where nothing is counted. */
export function progressText(progress: Progress): string {
  const total = progress.total === null ? "" : ` of ${formatMetric(progress.total)}`;
  const rate = progress.rate === null ? "" : `, ${formatMetric(progress.rate)}/s`;
  return `${formatMetric(progress.done)}${total} ${progress.what}${rate}`.trim();
}

/** How much of a step is done; null while that is not known. */
export function share(progress: Progress | null): number | null {
  if (!progress?.total) return null;
  return Math.min(1, Math.max(0, progress.done / progress.total));
}

/** How much of the whole is done, a step that goes on counted by its share. */
export function wholeShare(report: ScenarioReport): number {
  const done = (step: StepReport): number => (step.status === "pending" ? 0 : step.status === "running" ? (share(step.progress) ?? 0) : 1);
  return report.steps.length ? report.steps.reduce((sum, step) => sum + done(step), 0) / report.steps.length : 1;
}

/** A number in as many digits as a person can use: `61,204`, `12.5`, `0.031`. */
export function formatMetric(value: number): string {
  const size = Math.abs(value);
  return value.toLocaleString("en", { maximumFractionDigits: size >= 100 ? 0 : size >= 1 ? 2 : 3 });
}

export type Trend = { name: string; value: number; before: number | null; samples: number[] };

/** Each metric of an execution with its course over those before it; `history` is newest first. */
export function trends(report: ScenarioReport, history: readonly ScenarioReport[]): Trend[] {
  const until = history.filter((other) => other.started <= report.started && other.status !== "running").toReversed();
  return Object.entries(report.metrics)
    .map(([name, value]) => {
      const samples = until.flatMap((other) => other.metrics[name] ?? []);
      return { name, value: value ?? 0, before: samples.at(-2) ?? null, samples };
    })
    .toSorted((one, other) => one.name.localeCompare(other.name));
}

/** `+12 %`, against the execution before; null where there is nothing to compare. */
export function change({ value, before }: Trend): string | null {
  if (before === null || before === 0 || value === before) return null;
  const percent = ((value - before) / Math.abs(before)) * 100;
  return `${percent > 0 ? "+" : "−"}${formatMetric(Math.round(Math.abs(percent)))} %`;
}
