// Where the parts of a strip lie, and what they say.
import { expect, it } from "vitest";
import type { AnswerSpan } from "../bindings";
import { curve, describe as say, partAt, partsOf } from "./strip";

const span = (from: number, to: number, part: Partial<AnswerSpan> = {}): AnswerSpan => ({ verdict: "pass", text: "200 OK", from, to, count: 3, mean_us: 3_100, max_us: 4_000, ...part });

it("lies where its time is, and is found from there or from nearby", () => {
  const parts = partsOf([span(0, 50), span(80, 100)], 0, 100);
  expect(parts.map(({ left, width }) => [left, width])).toEqual([[0, 50], [80, 20]]);
  expect([partAt(parts, 10), partAt(parts, 60), partAt(parts, 70), partAt(parts, 100)]).toEqual([0, 0, 1, 1]);
  expect(partAt([], 10)).toBe(-1);
});

it("says what was answered, and how often", () => {
  expect(say(span(0, 500, { verdict: "fail", text: "connection refused", count: 1 }))).toMatch(/^\d\d:\d\d:\d\d: fails once, 3.1 ms: connection refused$/);
  expect(say(span(0, 90_000))).toMatch(/ to \d\d:\d\d:\d\d: passes 3 times, 3.1 ms: 200 OK$/);
});

it("leaves gaps where nothing is known", () => {
  expect(curve([1, 2, null, 2], 30, 10)).toBe("M0 5l0.1 0L10 1M30 1l0.1 0");
  expect(curve([null], 30, 10)).toBe("");
});
