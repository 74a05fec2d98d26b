// The line under a service, and what may be done with it.
import { describe, expect, it } from "vitest";
import type { ServiceView } from "../bindings";
import { canRestart, canStart, canStop, severity, statusNote } from "./status";

function service(more: Partial<ServiceView>): ServiceView {
  return {
    name: "api", kind: "process", group: null, status: "Healthy", lifecycle: "Running", health: "Healthy", reason: null, progress: null, since: 0,
    generation: 1, restarts: 0, next_start: null, started: 0, endpoints: [], pid: 1, container_id: null, exit_code: null, cpu: null, memory: null,
    probes: [], depends_on: [], source: "run", stale: false, changed: false, flapping: false, can_rebuild: false, watching: false, build: null, ...more,
  };
}

describe("the note of a service", () => {
  it("is absent where nothing needs saying", () => expect(statusNote(service({}), 0)).toBeNull());
  it("does not repeat the status", () => expect(statusNote(service({ status: "Stopped", lifecycle: "Stopped", reason: "stopped" }), 0)).toBeNull());
  it("joins reason and progress as the engine wrote them", () => {
    expect(statusNote(service({ reason: "port is held", progress: "pulling" }), 0)).toBe("port is held · pulling");
  });
  it("counts down to the next start, never below zero", () => {
    expect(statusNote(service({ lifecycle: "Backoff", reason: "crashed", next_start: 12_400 }), 0)).toBe("crashed · next start in 12s");
    expect(statusNote(service({ lifecycle: "Backoff", next_start: 5 }), 9_000)).toBe("next start in 0s");
  });
  it("names what is waited for where the engine gives no reason", () => {
    expect(statusNote(service({ lifecycle: "Waiting", depends_on: ["db", "queue"] }), 0)).toBe("Waiting for db, queue");
    expect(statusNote(service({ lifecycle: "Completed", exit_code: 0 }), 0)).toBe("Completed with exit code 0");
  });
});

describe("what may be done", () => {
  it.each([
    ["Running", [false, true, true]], ["Waiting", [false, true, true]], ["Stopping", [false, false, false]], ["Backoff", [false, true, true]],
    ["Stopped", [true, false, true]], ["Completed", [true, false, true]], ["Failed", [true, false, true]],
  ] as const)("in %s", (lifecycle, [start, stop, restart]) => {
    const given = service({ lifecycle });
    expect([canStart(given), canStop(given), canRestart(given)]).toEqual([start, stop, restart]);
  });
  it("is nothing for what is only watched, and no restart before the first start", () => {
    const given = service({ kind: "external" });
    expect([canStart(given), canStop(given), canRestart(given)]).toEqual([false, false, false]);
    expect(canRestart(service({ generation: 0, lifecycle: "Stopped" }))).toBe(false);
  });
});

it("orders statuses worst first", () => {
  expect(severity("Unhealthy")).toBeLessThan(severity("Degraded"));
  expect(severity("Healthy")).toBeLessThan(severity("Stopped"));
});
