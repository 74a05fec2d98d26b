// Two runs side by side, in words: which figures differ, and which way.
import type { DifferenceKind, RouteComparison, RouteLatency, Run, ScenarioComparison, ServiceComparison, ServiceRun, Status, Tone } from "../bindings";
import { formatBytes } from "../format/amount";
import { formatDuration } from "../format/duration";

/** A figure of both runs. `tone` is null where they are alike. */
export type Figure = { a: string; b: string; tone: Tone | null };

/** How a difference is marked: shape and word, since colour alone says nothing. */
export const TONES: Record<Tone, { word: string; mark: string }> = {
  worse: { word: "Worse", mark: "▲" },
  neutral: { word: "Other", mark: "●" },
  better: { word: "Better", mark: "▼" },
};

export const KINDS: Record<DifferenceKind, string> = {
  failure: "Failure",
  readiness: "Readiness",
  new_error: "Error",
  restarts: "Restarts",
  time_to_ready: "Time to ready",
  latency: "Latency",
  route: "Route",
  scenario: "Scenario",
  resources: "Memory",
  membership: "Services",
  definition: "Definition",
  commit: "Commit",
};

/** A difference of times is shown as one where a person would call it so. */
const NOTICEABLE = { start: 1_000, ready: 1_000, latency: 50_000, route: 50_000_000, memory: 100_000_000, cpu: 1 };

/** What the figures of a service are called. */
export const COLUMNS = ["Started after", "Ready in", "Restarts", "Alerts", "Errors", "Warnings", "Probe", "Most memory", "Most CPU"];

/** The figures of one service, in the order of the columns. */
export function figuresOf({ a, b }: ServiceComparison): Figure[] {
  const amount = (value: (run: ServiceRun) => number): Figure => {
    const [one, other] = [a && value(a), b && value(b)];
    return { a: one?.toString() ?? "–", b: other?.toString() ?? "–", tone: toneOf(one, other, 1) };
  };
  const span = (value: (run: ServiceRun) => number | null, least: number, text: (value: number) => string): Figure => {
    const [one, other] = [a && value(a), b && value(b)];
    return { a: one === null ? "–" : text(one), b: other === null ? "–" : text(other), tone: toneOf(one, other, least) };
  };
  return [
    span((run) => run.time_to_start, NOTICEABLE.start, formatDuration),
    span((run) => run.time_to_ready, NOTICEABLE.ready, formatDuration),
    amount((run) => run.restarts),
    amount((run) => run.alerts),
    amount((run) => run.errors),
    amount((run) => run.warnings),
    span((run) => run.probe_mean_us, NOTICEABLE.latency, (micros) => formatDuration(micros / 1_000)),
    span((run) => run.peak_memory, NOTICEABLE.memory, formatBytes),
    span((run) => run.peak_cpu, NOTICEABLE.cpu, (cores) => cores.toFixed(2)),
  ];
}

/** Requests, failures, median and 99th percentile of one route. */
export function figuresOfRoute({ a, b }: RouteComparison): Figure[] {
  const figure = (value: (run: RouteLatency) => number, least: number, text: (value: number) => string, judged = true): Figure => {
    const [one, other] = [a && value(a), b && value(b)];
    return { a: one === null ? "–" : text(one), b: other === null ? "–" : text(other), tone: judged ? toneOf(one, other, least) : null };
  };
  const duration = (ns: number): string => formatDuration(ns / 1_000_000);
  return [
    figure(({ count }) => count, 1, (value) => value.toLocaleString("en"), false),
    figure(({ errors }) => errors, 1, String),
    figure(({ percentiles }) => percentiles.p50_ns, NOTICEABLE.route, duration),
    figure(({ percentiles }) => percentiles.p99_ns, NOTICEABLE.route, duration),
  ];
}

/** Every figure of a scenario by name, of both runs. */
export function figuresOfScenario({ a, b }: ScenarioComparison): { name: string; a: string; b: string }[] {
  const names = [...new Set([...Object.keys(a?.metrics ?? {}), ...Object.keys(b?.metrics ?? {})])].sort();
  const text = (value: number | undefined): string => value?.toLocaleString("en", { maximumFractionDigits: 1 }) ?? "–";
  return names.map((name) => ({ name, a: text(a?.metrics[name]), b: text(b?.metrics[name]) }));
}

/** The worst that a service was in both runs, once where it is the same; to have been starting is nothing bad. */
export function worstOf({ a, b }: ServiceComparison): (Status | null)[] {
  const worst = (run: ServiceRun | null): Status | null => (run?.worst ? (run.worst === "Degraded" || run.worst === "Unhealthy" ? run.worst : "Healthy") : null);
  const [one, other] = [worst(a), worst(b)];
  return one === other ? [one] : [one, other];
}

/** Less is better in every figure. */
function toneOf(one: number | null, other: number | null, least: number): Tone | null {
  if (one === null || other === null || Math.abs(other - one) < least) return null;
  return other > one ? "worse" : "better";
}

/** What a person calls a run: its label, or when it was. */
export function nameOf(run: Run, moment: (at: number) => string): string {
  return run.annotation.label ?? moment(run.started);
}

/** Whether a run has this text in anything that a person or git gave it. */
export function says(run: Run, text: string): boolean {
  const { label, note, tags } = run.annotation;
  return [run.id, run.result, run.git_commit, label, note, ...tags].some((word) => word?.toLowerCase().includes(text.toLowerCase()));
}
