// The rows of a trace: what hides what, however large the trace.
import { describe, expect, it } from "vitest";
import { largeTrace, ODD, oddTrace } from "../backend/fake/trace-recipes";
import type { Span } from "../bindings";
import { collapsedBelow, errorsBelow, nextPlace, NO_PARENT, outlineOf, revealing, rowOf, visibleRows } from "./outline";

const span = (id: string, depth: number, part: Partial<Span> = {}): Span => ({
  id, parent: null, service: "web", name: id, kind: "internal", start_ns: 0, duration_ns: 10, status: "unset", message: null, attributes: [], events: [], links: [], scope: null, resource: 0,
  dropped: { attributes: 0, events: 0, links: 0 }, depth, self_ns: 10, critical: false, orphan: false, duplicate: 0, ...part,
});
// a ─ b ─ c, d;  e ─ f;  g stands alone
const spans = [span("a", 0), span("b", 1), span("c", 2), span("d", 2, { status: "error" }), span("e", 1), span("f", 2), span("g", 0)];
const outline = outlineOf(spans);
const shown = (collapsed: string[], root?: number): string => [...visibleRows(spans, outline, new Set(collapsed), root)].map((index) => spans[index]?.id).join("");

describe("the rows of a trace", () => {
  it("know parents and ends from the depths", () => {
    expect([...outline.ends]).toEqual([6, 4, 3, 4, 6, 6, 7]);
    expect([...outline.parents]).toEqual([NO_PARENT, 0, 1, 1, 0, 4, NO_PARENT]);
  });
  it("hide what is below a collapsed span, and nothing else", () => {
    expect(shown([])).toBe("abcdefg");
    expect(shown(["b"])).toBe("abefg");
    expect(shown(["a"])).toBe("ag");
    expect(shown(["c"])).toBe("abcdefg");
  });
  it("can begin at a span", () => expect(shown([], 1)).toBe("bcd"));
  it("collapse to a depth", () => {
    expect(shown([...collapsedBelow(spans, outline, 1)])).toBe("abeg");
    expect(shown([...collapsedBelow(spans, outline, 0)])).toBe("ag");
  });
  it("open the way to a span, and leave the set alone where it is open", () => {
    const collapsed = new Set(["a", "b", "e"]);
    expect([...revealing(spans, outline, collapsed, 3)]).toEqual(["e"]);
    const open = new Set(["e"]);
    expect(revealing(spans, outline, open, 3)).toBe(open);
  });
  it("count errors that lie below", () => expect([...errorsBelow(spans, outline)]).toEqual([1, 1, 0, 0, 0, 0, 0]));
  it("survive depths that jump", () => expect([...outlineOf([span("x", 3), span("y", 9), span("z", 1)]).parents]).toEqual([NO_PARENT, 0, NO_PARENT]));
  it("hold for 100,000 spans", () => {
    const { spans: many } = largeTrace("t", 0, 100_000);
    const tree = outlineOf(many);
    expect(visibleRows(many, tree, new Set()).length).toBe(many.length);
    expect(visibleRows(many, tree, collapsedBelow(many, tree, 0)).length).toBe(1);
  });
});

it("finds the row of a place, and the next place going round", () => {
  const rows = Int32Array.from([0, 4, 6, 9]);
  expect([0, 5, 9, 11].map((index) => rowOf(rows, index))).toEqual([0, 2, 3, 4]);
  expect([nextPlace([2, 5], 3, 1), nextPlace([2, 5], 5, 1), nextPlace([2, 5], 2, -1), nextPlace([], 0, 1)]).toEqual([5, 2, 5, -1]);
});

it("makes an odd trace that tells what is odd", () => {
  const trace = oddTrace(0);
  expect(trace.trace_id).toBe(ODD);
  expect(trace.findings.map(({ kind }) => kind)).toEqual(["orphan", "duplicate", "clock_skew"]);
});
