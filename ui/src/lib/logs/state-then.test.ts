// Which run and which state a line belongs to.
import { expect, it } from "vitest";
import type { Run, Transition } from "../bindings";
import { lastBefore, runAt } from "./state-then";

const run = (id: string, started: number, ended: number | null): Run => ({ id, started, ended }) as Run;
const change = (service: string, at: number): Transition => ({ service, at }) as Transition;

it("finds the run that went on", () => {
  const runs = [run("c", 300, null), run("b", 100, 200)];
  expect([runAt(runs, 350)?.id, runAt(runs, 200)?.id, runAt(runs, 250), runAt(runs, 50)]).toEqual(["c", "b", null, null]);
});
it("finds the last change before, of that service only", () => {
  const changes = [change("a", 10), change("b", 15), change("a", 20), change("a", 30)];
  expect([lastBefore(changes, "a", 25)?.at, lastBefore(changes, "a", 5), lastBefore(changes, "c", 99)]).toEqual([20, null, null]);
});
