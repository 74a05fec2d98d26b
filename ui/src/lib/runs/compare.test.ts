// Two runs in words.
import { describe, expect, it } from "vitest";
import type { Run, ServiceRun } from "../bindings";
import { figuresOf, nameOf, says, worstOf } from "./compare";

const service = (part: Partial<ServiceRun>): ServiceRun => ({ starts: 1, restarts: 0, time_to_start: 0, time_to_ready: 900, worst: "Healthy", alerts: 0, failures: [], errors: 0, warnings: 0, probes: 40, probe_mean_us: 4_000, probe_max_us: 9_000, ...part });
const run: Run = {
  id: "01JD", environment: "/shop", name: "shop", project_dir: "/shop", started: 5, ended: 9, result: "clean", services: 1, restarts: 0, time_to_ready: 900, git_commit: "abc1234", git_dirty: false,
  annotation: { label: null, note: "Before the upgrade", tags: ["nightly"], pinned: false },
};

describe("figures of two runs", () => {
  it("have a tone where they differ", () => {
    const figures = figuresOf({ service: "api", a: service({}), b: service({ time_to_ready: 8_000, restarts: 2, errors: 0 }) });
    expect(figures.map(({ tone }) => tone)).toEqual(["worse", "worse", null, null, null]);
    expect(figures[1]).toMatchObject({ a: "0", b: "2" });
  });
  it("are better where there is less", () => {
    expect(figuresOf({ service: "api", a: service({ errors: 9 }), b: service({}) })[2]?.tone).toBe("better");
  });
  it("have no tone where a service took no part, or by chance", () => {
    expect(figuresOf({ service: "api", a: null, b: service({}) }).map(({ a, tone }) => [a, tone])).toEqual(Array(5).fill(["–", null]));
    expect(figuresOf({ service: "api", a: service({}), b: service({ time_to_ready: 1_500 }) })[0]?.tone).toBeNull();
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
