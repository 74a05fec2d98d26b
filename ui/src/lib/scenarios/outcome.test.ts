// What is said of scenarios in numbers and words.
import { expect, it } from "vitest";
import type { ScenarioReport } from "../bindings";
import { change, formatMetric, progressText, trends, wholeShare } from "./outcome";

const report = (started: number, metrics: Record<string, number>, more: Partial<ScenarioReport> = {}): ScenarioReport => ({
  id: String(started), scenario: "smoke", run: null, started, ended: started + 1, status: "passed", text: null, metrics, vars: {}, steps: [], criteria: [], ...more,
});

it("puts a metric beside its course over the executions before", () => {
  const last = report(3, { "load.p99_ms": 15, "load.new": 1 });
  const history = [report(4, { "load.p99_ms": 99 }), last, report(2, { "load.p99_ms": 12 }), report(1, { "load.p99_ms": 10 })];
  const [fresh, p99] = trends(last, history);
  expect(p99).toEqual({ name: "load.p99_ms", value: 15, before: 12, samples: [10, 12, 15] });
  expect(change(p99!)).toBe("+25 %");
  expect(change(fresh!)).toBe(null);
});

it("says how far it is", () => {
  expect(progressText({ done: 4300, total: 10000, rate: 512.4, what: "requests" })).toBe("4,300 of 10,000 requests, 512/s");
  expect(progressText({ done: 7, total: null, rate: null, what: "lag 3 s: waiting" })).toBe("7 lag 3 s: waiting");
  expect([formatMetric(61204.4), formatMetric(12.345), formatMetric(0.0314)]).toEqual(["61,204", "12.35", "0.031"]);
  const step = { id: "a", name: "a", kind: "run", group: null, always: false, started: null, duration: null, attempts: 1, text: null, metrics: {}, details: {}, criteria: [], curves: [], progress: { done: 1, total: 2, rate: null, what: "" } } as const;
  const steps = [{ ...step, status: "passed" as const, criteria: [], curves: [] }, { ...step, status: "running" as const, criteria: [], curves: [] }];
  expect(wholeShare(report(1, {}, { steps }))).toBe(0.75);
});
