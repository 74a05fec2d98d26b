// Two runs in words.
import { describe, expect, it } from "vitest";
import type { Run, ServiceRun } from "../bindings";
import { COLUMNS, figuresOf, figuresOfRoute, figuresOfScenario, nameOf, says, worstOf } from "./compare";

const service = (part: Partial<ServiceRun>): ServiceRun => ({ starts: 1, restarts: 0, time_to_start: 0, time_to_ready: 900, worst: "Healthy", alerts: 0, failures: [], errors: 0, warnings: 0, probes: 40, probe_mean_us: 4_000, probe_max_us: 9_000, peak_memory: 90_000_000, peak_cpu: 0.4, ...part });
const run: Run = {
  id: "01JD", environment: "/shop", name: "shop", project_dir: "/shop", started: 5, ended: 9, result: "clean", services: 1, restarts: 0, time_to_ready: 900, git_commit: "abc1234", git_dirty: false, host: null, imported: null,
  annotation: { label: null, note: "Before the upgrade", tags: ["nightly"], pinned: false },
};

describe("figures of two runs", () => {
  it("have a tone where they differ", () => {
    const figures = figuresOf({ service: "api", a: service({}), b: service({ time_to_start: 4_000, time_to_ready: 8_000, restarts: 2, alerts: 1, errors: 0 }) });
    const worse = COLUMNS.filter((_, index) => figures[index]?.tone === "worse");
    expect(worse).toEqual(["Started after", "Ready in", "Restarts", "Alerts"]);
    expect(figures).toHaveLength(COLUMNS.length);
    expect(figures[2]).toMatchObject({ a: "0", b: "2" });
  });
  it("are better where there is less", () => {
    expect(figuresOf({ service: "api", a: service({ errors: 9 }), b: service({}) })[4]?.tone).toBe("better");
  });
  it("have no tone where a service took no part, or by chance", () => {
    expect(figuresOf({ service: "api", a: null, b: service({}) }).map(({ a, tone }) => [a, tone])).toEqual(Array(9).fill(["–", null]));
    expect(figuresOf({ service: "api", a: service({}), b: service({ time_to_ready: 1_500 }) })[1]?.tone).toBeNull();
  });
});

describe("figures of a route and of a scenario", () => {
  const route = (p50: number, errors: number) => ({ service: "api", route: "GET /", count: 40, errors, percentiles: { p50_ns: p50 * 1e6, p90_ns: 0, p99_ns: p50 * 2e6, max_ns: 0 } });
  it("judge latency and failures, not how many asked", () => {
    const figures = figuresOfRoute({ service: "api", route: "GET /", a: { ...route(40, 0), count: 90 }, b: route(240, 3) });
    expect(figures.map(({ tone }) => tone)).toEqual([null, "worse", "worse", "worse"]);
    expect(figuresOfRoute({ service: "api", route: "GET /", a: route(40, 0), b: route(44, 0) }).map(({ tone }) => tone)).toEqual([null, null, null, null]);
  });
  it("name every metric of either", () => {
    const run = (metrics: Record<string, number>) => ({ executions: 1, status: "passed" as const, text: null, metrics });
    expect(figuresOfScenario({ scenario: "load", a: run({ x: 1.25 }), b: run({ x: 1_000, y: 2 }) })).toEqual([{ name: "x", a: "1.3", b: "1,000" }, { name: "y", a: "–", b: "2" }]);
    expect(figuresOfScenario({ scenario: "load", a: null, b: run({ y: 2 }) })).toEqual([{ name: "y", a: "–", b: "2" }]);
  });
});

describe("the worst that a service was", () => {
  it("is said once where it is the same, and starting is nothing bad", () => {
    expect(worstOf({ service: "api", a: service({ worst: "Starting" }), b: service({}) })).toEqual(["Healthy"]);
    expect(worstOf({ service: "api", a: service({}), b: service({ worst: "Unhealthy" }) })).toEqual(["Healthy", "Unhealthy"]);
    expect(worstOf({ service: "api", a: null, b: service({}) })).toEqual([null, "Healthy"]);
  });
});

describe("a run", () => {
  it("is called by its label, or by its time", () => {
    expect(nameOf(run, String)).toBe("5");
    expect(nameOf({ ...run, annotation: { ...run.annotation, label: "good" } }, String)).toBe("good");
  });
  it("is found by what was said of it", () => {
    expect(["upgrade", "NIGHT", "abc1", "clean"].every((text) => says(run, text))).toBe(true);
    expect(says(run, "weekly")).toBe(false);
  });
});
