// A run as stretches of one status.
import { describe, expect, it } from "vitest";
import type { Status, Transition } from "../bindings";
import { lanesOf, ticksOf } from "./timeline";

const change = (service: string, at: number, status: Status, cause = ""): Transition => ({ run: "r", service, generation: 1, at, lifecycle: "Running", health: "Healthy", status, cause });

describe("the course of a run", () => {
  it("makes a lane per service and ends with the run", () => {
    const lanes = lanesOf([change("b", 10, "Starting"), change("a", 0, "Healthy"), change("b", 60, "Healthy")], 0, 100);
    expect(lanes.map(({ service }) => service)).toEqual(["a", "b"]);
    expect(lanes[1]?.stretches.map(({ status, left, width }) => [status, left, width])).toEqual([["Starting", 10, 50], ["Healthy", 60, 40]]);
  });
  it("joins changes that a person does not see", () => {
    const [lane] = lanesOf([change("a", 0, "Starting", "waits"), change("a", 5, "Starting", "pulls"), change("a", 20, "Healthy")], 0, 40);
    expect(lane?.stretches).toHaveLength(2);
    expect(lane?.stretches[0]).toMatchObject({ from: 0, to: 20, cause: "pulls", width: 50 });
  });
  it("keeps inside the run", () => {
    const [lane] = lanesOf([change("a", -50, "Healthy"), change("a", 500, "Stopped")], 0, 100);
    expect(lane?.stretches[0]).toMatchObject({ left: 0, width: 100 });
  });
  it("has round ticks", () => {
    expect(ticksOf(45_000)).toEqual([0, 10_000, 20_000, 30_000, 40_000]);
    expect(ticksOf(3 * 3_600_000)).toHaveLength(7);
    expect(ticksOf(0)).toEqual([0]);
  });
});
