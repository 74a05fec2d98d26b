// Bounds of a run and of a chosen range.
import { expect, it } from "vitest";
import type { Run } from "../bindings";
import { spanOfRun, within } from "./run-span";

it("is from start to end, open while it goes on", () => {
  const runs = [{ id: "b", started: 300, ended: null }, { id: "a", started: 100, ended: 200 }] as Run[];
  expect([spanOfRun(runs, "a"), spanOfRun(runs, "b"), spanOfRun(runs, "c")]).toEqual([{ since: 100, until: 201 }, { since: 300, until: null }, null]);
});
it("is narrowed by a range that is chosen", () => {
  expect(within({ since: 100, until: null }, { since: 50, until: 70 })).toEqual({ since: 100, until: 70 });
  expect(within({ since: 100, until: 200 }, { since: 150, until: null })).toEqual({ since: 150, until: 200 });
});
