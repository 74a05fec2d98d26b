// Search within a trace, flame graph, comparison, scatter and map: what they make of spans.
import { describe, expect, it } from "vitest";
import { ordinaryTrace } from "../backend/fake/trace-recipes";
import type { MapEdge, Span } from "../bindings";
import { iconOf, summaryOf } from "./attributes";
import { compareTraces, countChanges } from "./compare";
import { flameBoxes, flameOf, neighbour, pathOf } from "./flame";
import { brushOf, dotAt, frameOf, xOf, yOf } from "./scatter";
import { findSpans } from "./search";
import { differenceOf, nodeBeside, planOf, smooth } from "./service-map";

const span = (id: string, depth: number, part: Partial<Span> = {}): Span => ({
  id, parent: null, service: "web", name: id, kind: "internal", start_ns: 0, duration_ns: 10e6, status: "unset", message: null, attributes: [], events: [], links: [], scope: null, resource: 0,
  dropped: { attributes: 0, events: 0, links: 0 }, depth, self_ns: 10e6, critical: false, orphan: false, duplicate: 0, ...part,
});
const query = span("SELECT orders", 1, { service: "postgres", kind: "client", duration_ns: 40e6, self_ns: 40e6, attributes: [["db.system", "postgresql"], ["db.statement", "SELECT *\n FROM orders"], ["rows", 12]] });
const spans = [span("GET /orders", 0, { kind: "server", self_ns: 20e6, duration_ns: 100e6, status: "error", message: "refused", attributes: [["http.route", "/orders"], ["http.response.status_code", 503]] }), query, query, span("rank", 1, { events: [{ name: "cache miss", at_ns: 1, attributes: [] }] })];

describe("search in a trace", () => {
  it.each<[string, number[]]>([
    ["orders", [0, 1, 2]], ["select -rows=12", []], ["service=postgres", [1, 2]], ["status=error", [0]], ["status!=error", [1, 2, 3]], ["duration>=40ms", [0, 1, 2]], ["duration<40ms", [3]],
    ["rows>=12", [1, 2]], ["rows>12", []], ["route=/orders", [0]], ["http.response.status_code>=500", [0]], ["message=refused", [0]], ["kind=client", [1, 2]], ["/sel.ct/i", [1, 2]], ['"cache miss"', [3]], ["refused", [0]], ["db.statement~from", [1, 2]], ["", []],
  ])("%s", (text, places) => expect(findSpans(spans, text)).toEqual({ places, error: null }));
  it("says what is wrong", () => expect(findSpans(spans, '"open').error?.message).toContain("quote"));
});

it("tells spans by icon and in short", () => {
  expect(spans.map(iconOf)).toEqual(["spanServer", "database", "database", "spanInternal"]);
  expect(spans.map(summaryOf)).toEqual(["503", "SELECT * FROM orders", "SELECT * FROM orders", null]);
});

describe("the flame graph", () => {
  const root = flameOf(spans);
  const top = root.children[0]!;
  it("puts equal paths together, the widest first", () => {
    expect(top.children.map(({ name, spans: count, total }) => [name, count, total])).toEqual([["SELECT orders", 2, 80e6], ["rank", 1, 10e6]]);
    expect([top.total, top.self, top.errors, root.total]).toEqual([110e6, 20e6, 1, 110e6]);
  });
  it("draws the way to the focus over its whole width, and leaves out what is too thin", () => {
    expect(flameBoxes(root, 0).map(({ node, row }) => `${row}${node.name}`)).toEqual(["0GET /orders", "1SELECT orders", "1rank"]);
    expect(flameBoxes(root, 0.2).length).toBe(2);
    const boxes = flameBoxes(top.children[0]!, 0);
    expect(boxes.map(({ width }) => width)).toEqual([1, 1]);
  });
  it("is walked by keys", () => {
    expect([neighbour(top, "ArrowDown")?.name, neighbour(top.children[0]!, "ArrowRight")?.name, neighbour(top, "ArrowUp")]).toEqual(["SELECT orders", "rank", null]);
    expect(pathOf(top.children[1]!).map(({ name }) => name)).toEqual(["GET /orders", "rank"]);
  });
});

describe("two traces", () => {
  it("differ by path: only here, only there, slower, faster", () => {
    const other = [{ ...spans[0]!, duration_ns: 60e6 }, { ...query, duration_ns: 90e6 }, span("cache", 1)];
    const rows = compareTraces(spans, other);
    expect(rows.map(({ name, change, depth }) => [name, change, depth])).toEqual([["GET /orders", "faster", 0], ["SELECT orders", "slower", 1], ["rank", "only_first", 1], ["cache", "only_second", 1]]);
    expect(rows[1]?.delta).toBe(10e6);
    expect(countChanges(rows)).toEqual({ only_first: 1, only_second: 1, slower: 1, faster: 1, same: 0 });
  });
  it("are the same when they are one", () => {
    const { spans: own } = ordinaryTrace("x", 3, 0, false);
    expect(countChanges(compareTraces(own, own))).toMatchObject({ only_first: 0, only_second: 0, slower: 0, faster: 0 });
  });
});

describe("latency over time", () => {
  const dots = [{ trace_id: "a", start: 1_000, duration_ns: 1e6, error: false }, { trace_id: "b", start: 11_000, duration_ns: 1e9, error: true }];
  const frame = frameOf(dots, 500, 100, 0);
  it("stands higher when it is slower, further right when it is later", () => {
    expect(yOf(frame, 1e9)).toBeLessThan(yOf(frame, 1e6));
    expect(xOf(frame, 11_000)).toBeGreaterThan(xOf(frame, 1_000));
  });
  it("is found under the pointer", () => {
    expect(dotAt(dots, frame, xOf(frame, 11_000) + 2, yOf(frame, 1e9))?.trace_id).toBe("b");
    expect(dotAt(dots, frame, 250, 50)).toBeNull();
  });
  it("is narrowed by a drag in any direction, and never beyond its frame", () => {
    const one = { x: xOf(frame, 10_000), y: yOf(frame, 2e9) - 50 };
    const brush = brushOf(frame, { x: 9_999, y: yOf(frame, 5e8) }, one);
    expect(brush.since).toBeGreaterThanOrEqual(9_999);
    expect(brush.until).toBeLessThanOrEqual(Math.ceil(frame.to));
    expect(brush.min_ns).toBeGreaterThan(4e8);
    expect(brush.max_ns).toBeGreaterThanOrEqual(1e9);
  });
  it("has a frame without any dot", () => expect(frameOf([], 100, 100, 60_000)).toMatchObject({ from: expect.any(Number), low: expect.any(Number) }));
});

describe("the map of services", () => {
  const edge = (from: string, to: string, declared: boolean, observed: boolean): MapEdge => ({ from, to, declared, observed, calls: 1, errors: 0, p50_ns: 1, p99_ns: 1 });
  const node = (service: string) => ({ service, declared: true, spans: 1, errors: 0, p50_ns: 1, p99_ns: 1, kind: "service" as const });
  const plan = planOf({ nodes: ["web", "api", "db"].map(node), edges: [edge("web", "api", true, true), edge("api", "db", false, true), edge("db", "web", true, false), edge("web", "gone", true, false)], complete: true });
  it("marks what differs from what was declared", () => {
    expect(plan.edges.map(({ difference }) => difference)).toEqual(["none", "not_declared", "never_called"]);
    expect(differenceOf(edge("a", "b", true, true))).toBe("none");
  });
  it("places callers before those they call, also where they go round", () => {
    const at = new Map(plan.nodes.map((placed) => [placed.service, placed]));
    expect(at.get("web")!.x).toBeLessThan(at.get("api")!.x);
    expect(plan.edges.every(({ path }) => /^M[\d.-]+ [\d.-]+[QL]/.test(path))).toBe(true);
    expect(nodeBeside(plan.nodes, at.get("web")!, "ArrowRight")?.service).toBe("api");
  });
  it("draws a line through any number of points", () => {
    expect(smooth([])).toBe("");
    expect(smooth([{ x: 0, y: 0 }, { x: 4, y: 4 }])).toBe("M0 0L4 4");
  });
});
