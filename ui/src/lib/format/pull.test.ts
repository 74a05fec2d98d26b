// Words and shares of a pull.
import { expect, it } from "vitest";
import type { PullView } from "../bindings";
import { pullText, shareOf } from "./pull";

const pull: PullView = {
  image: "postgres:16", done_bytes: 52_428_800, total_bytes: 104_857_600, stalled: false,
  layers: [{ id: "a", state: "Pull complete", done: 10, total: 10 }, { id: "b", state: "Already exists", done: 0, total: null }, { id: "c", state: "Downloading", done: 1, total: 2 }],
};

it("says how much has come", () => {
  expect(pullText(pull)).toBe("50.0 MB of 100 MB, 2 of 3 layers");
  expect(pullText({ ...pull, total_bytes: null, layers: [] })).toBe("50.0 MB");
});
it("is a share of what is known", () => {
  expect([shareOf(1, 4), shareOf(9, 4), shareOf(1, null), shareOf(0, 0)]).toEqual([0.25, 1, null, null]);
});
