// The strip of the last runs.
import { expect, it } from "vitest";
import type { Run } from "../bindings";
import { barsOf, stripText } from "./strip";

const run = (id: string, time_to_ready: number | null, result: Run["result"] = "clean"): Run => ({ id, time_to_ready, result }) as Run;

it("goes from the oldest to the newest, the slowest over the whole height", () => {
  const bars = barsOf([run("new", 5_000), run("never", null, "interrupted"), run("old", 20_000, "troubled")], 20);
  expect(bars.map(({ id, height, ready }) => [id, height, ready])).toEqual([["old", 20, true], ["never", 3, false], ["new", 5, true]]);
});
it("says the median and the trouble", () => {
  expect(stripText([run("a", 4_000), run("b", null, "interrupted"), run("c", 2_000)])).toMatch(/^Last 3 runs: ready in 4(\.0)? s at the median, 1 in trouble$/);
  expect(stripText([run("a", null)])).toBe("Last 1 runs: none got ready, 0 in trouble");
});
it("shows no more than fit", () => {
  expect(barsOf(Array.from({ length: 90 }, (_, index) => run(String(index), index)), 20)).toHaveLength(40);
});
