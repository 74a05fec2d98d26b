// Units in words, ranges, charts of the first look, lines and marks.
import { describe, expect, it, vi } from "vitest";
import type { Metric, MetricFrames } from "../bindings";
import { defaultCharts, findMetrics, keyOf, queryOf, sameQuery, titleOf, waysOf } from "./charts";
import { groupMarks, marksOf } from "./marks";
import { boundsOf } from "./range";
import { columnAt, pictureOf, quantileRow, rangeOf, summaryOf } from "./series";
import { canStack, isStacked, rememberStacked, stacked, stackKey, totalAt } from "./stack";
import { formatSeconds, formatValue, plainNumber, shownUnit } from "./units";

describe("a value", () => {
  it.each<[number | null, string | null, string]>([
    [4_404_019, "By", "4.20 MB"], [2_048, "By/s", "2.00 KB/s"], [3, "MiBy", "3.00 MB"], [0.0031, "s", "3.1 ms"], [1_400, "ms", "1.4 s"], [0, "s", "0 s"], [90, "s", "1.5 min"], [12.34, "%", "12%"], [0.619, "%", "0.62%"],
    [3.14159, "{request}/s", "3.14 requests/s"], [1, "{process}", "1 process"], [2, "{process}", "2 processes"], [2, "{query}", "2 queries"], [0.042, "1", "0.042"], [45_000, null, "45k"], [5, "1/s", "5/s"], [40, "{count}/s", "40/s"], [21, "Cel", "21 °C"], [null, "By", "–"], [-2_048, "By", "−2.00 KB"],
  ])("%s in %s is %s", (value, unit, text) => expect(formatValue(value, unit)).toBe(text));
  it("of a share is percent, of a count is not", () => {
    expect(shownUnit("process.cpu.utilization", "1")).toEqual({ unit: "%", factor: 100 });
    expect(shownUnit("container.cpu.usage", "{cpu}")).toEqual({ unit: "%", factor: 100 });
    expect(shownUnit("queue.length", "1")).toEqual({ unit: "1", factor: 1 });
  });
  it("has three digits", () => {
    expect([0.00123, 12.345, 123.45, 9_900, 12_345, 2.5e6].map(plainNumber)).toEqual(["0.00123", "12.3", "123", "9,900", "12.3k", "2.5M"]);
    expect([3e-9, 4.5e-5, 7_200].map(formatSeconds)).toEqual(["3 ns", "45 µs", "2 h"]);
  });
});

it("ends a range now, or where the run ended", () => {
  expect(boundsOf("5m", { started: 0, ended: null }, 1_000_000)).toEqual({ since: 700_000, until: 1_000_000 });
  expect(boundsOf("run", { started: 10_000, ended: 500_000 }, 1_000_000)).toEqual({ since: 10_000, until: 500_000 });
});

const metric = (name: string, part: Partial<Metric> = {}): Metric => ({ name, unit: null, description: null, kind: "gauge", monotonic: false, temporality: null, source: "otlp", services: ["web"], attributes: [], series: 1, first: 0, last: 1, ...part });

describe("charts", () => {
  it("of the first look are those that have something to show", () => {
    expect(defaultCharts([])).toEqual([]);
    expect(defaultCharts([metric("process.memory.usage"), metric("container.memory.usage"), metric("other")]).map(({ title, queries }) => [title, queries.length])).toEqual([["Memory", 2]]);
    expect(defaultCharts([metric("traces.span.duration")]).map(({ title }) => title)).toEqual(["Requests", "Errors", "Duration"]);
  });
  it("begin in the usual way of their kind", () => {
    expect([waysOf({ kind: "gauge", monotonic: false })[0], waysOf({ kind: "sum", monotonic: true })[0], waysOf({ kind: "sum", monotonic: false })[0], waysOf({ kind: "histogram", monotonic: false })[0]]).toEqual(["value", "rate", "value", "p90"]);
  });
  it("are known whatever the order of their parts", () => {
    const one = queryOf("m", "rate", { services: ["a", "b"], group_by: ["x", "y"] });
    expect(sameQuery(one, { ...one, services: ["b", "a"], group_by: ["y", "x"] })).toBe(true);
    expect(keyOf(one)).not.toBe(keyOf({ ...one, show: "value" }));
    expect(titleOf(queryOf("m", "p99", { services: ["a"], filter: [{ key: "k", value: "v" }] }))).toBe("m of a, p99 (k=v)");
  });
  it("are found by every word", () => {
    const metrics = [metric("http.server.duration", { services: ["web"] }), metric("cpu", { services: ["api"] })];
    expect(findMetrics(metrics, "HTTP web").map(({ name }) => name)).toEqual(["http.server.duration"]);
    expect(findMetrics(metrics, "").length).toBe(2);
  });
});

describe("lines", () => {
  const frames: MetricFrames = { from: 1_000, to: 4_000, step: 1_000, marks: [], frames: [
    { metric: "process.cpu.utilization", unit: "1", heatmap: null, omitted_series: 2, exemplars: [{ at: 1_500, value: 0.5, trace_id: "t", span_id: "s" }], series: [
      { service: "web", attributes: [], points: [0.1, null, 0.3], min: [0.05, null, 0.2], max: [0.2, null, 0.9] }, { service: "api", attributes: [["k", "v"]], points: [1, 1, 1], min: null, max: null }] }] };
  const picture = pictureOf(frames, [queryOf("process.cpu.utilization", "value")], new Map([["web", "var(--service-3)"]]));
  it("have times, labels, colours of their service and percent", () => {
    expect(picture.times).toEqual([1_000, 2_000, 3_000]);
    expect(picture.lines.map(({ label, points }) => [label, points])).toEqual([["web", [10, null, 30]], ["api · v", [100, 100, 100]]]);
    expect(picture.lines[0]?.color).toBe("var(--service-3)");
    expect([picture.unit, picture.omitted, picture.exemplars[0]?.value]).toEqual(["%", 2, 50]);
  });
  it("are told in numbers, gaps left out, peaks within a step kept", () => {
    expect(summaryOf(picture.lines[0]!)).toEqual({ label: "web", last: 30, least: 5, most: 90, mean: 20 });
    expect(columnAt(picture, 2_400)).toBe(1);
    expect(columnAt(picture, 9_000)).toBe(-1);
  });
  it("of one service differ in colour", () => {
    const one = pictureOf({ ...frames, frames: [{ ...frames.frames[0]!, series: frames.frames[0]!.series.map((series) => ({ ...series, service: "web" })) }] }, [queryOf("process.cpu.utilization", "value")], new Map());
    expect(new Set(one.lines.map(({ color }) => color)).size).toBe(2);
  });
  it("of a heatmap know their ranges and quantiles", () => {
    expect([rangeOf([1, 2], 0), rangeOf([1, 2], 1), rangeOf([1, 2], 2)]).toEqual([[0, 1], [1, 2], [2, Infinity]]);
    expect([quantileRow([0, 5, 5], 0.5), quantileRow([1, 0, 99], 0.99), quantileRow([0, 0], 0.5)]).toEqual([1, 2, -1]);
  });
});

it("puts marks together that would cover each other, under the name of the gravest", () => {
  const mark = (at: number, kind: "crash" | "restart" | "start", service: string) => ({ at, kind, service, text: "" });
  const groups = groupMarks([mark(5_000, "restart", "api"), mark(4_900, "crash", "api"), mark(60_000, "start", "")], 100, 10);
  expect(groups.map(({ label, marks }) => [label, marks.length])).toEqual([["crash api +1", 2], ["start", 1]]);
  expect(marksOf([mark(1, "crash", "api"), mark(2, "start", "")], ["web"]).map(({ kind }) => kind)).toEqual(["start"]);
});

describe("lines on each other", () => {
  const line = (key: string, points: (number | null)[]) => ({ key, label: key, service: key, color: "red", dash: true, points, low: points, high: points });
  const picture = (...lines: ReturnType<typeof line>[]) => ({ times: lines[0]!.points.map((_, index) => index), lines, heatmap: null, exemplars: [{ at: 0, value: 1, trace_id: "a", span_id: "b" }], unit: "By" as string | null, omitted: 0, step: 1 });
  const tops = (shown: ReturnType<typeof stacked>): (number | null)[][] => shown.lines.map(({ points }) => points);
  it("are as high as their sum, without those that are hidden", () => {
    const all = picture(line("a", [1, 2, 3]), line("b", [10, 20, 30]), line("c", [100, 200, 300]));
    expect(tops(stacked(all, new Set()))).toEqual([[1, 2, 3], [11, 22, 33], [111, 222, 333]]);
    expect(tops(stacked(all, new Set(["b"])))).toEqual([[1, 2, 3], [101, 202, 303]]);
    expect([totalAt(all, new Set(), 1), totalAt(all, new Set(["c"]), 1), totalAt(all, new Set(["a", "b", "c"]), 1)]).toEqual([222, 22, null]);
    const { exemplars, lines } = stacked(all, new Set());
    expect([exemplars, lines[0]!.low, lines[0]!.dash]).toEqual([[], null, false]);
    expect(all.lines[1]!.points).toEqual([10, 20, 30]);
  });
  it("have no hole where values of one come less often, and nothing where it has ended", () => {
    const all = picture(line("a", [5, null, 5, null, 5, null, null, null]), line("b", [1, 1, 1, 1, 1, 1, 1, null]));
    expect(tops(stacked(all, new Set()))).toEqual([[5, 5, 5, 5, 5, 0, 0, null], [6, 6, 6, 6, 6, 1, 1, null]]);
  });
  it("are offered for what adds up", () => {
    const two = picture(line("a", [1]), line("b", [1]));
    const can = (metric: string, show: Parameters<typeof queryOf>[1], unit: string | null = "By") => canStack({ ...two, unit }, [queryOf(metric, show)]);
    expect([can("container.memory.usage", "value"), can("x.requests", "rate", "{request}"), can("process.cpu.utilization", "value", "%"), can("jobs", "value", "{job}")]).toEqual([true, true, true, true]);
    expect([can("x.duration", "p99", "s"), can("benchtop.probe.duration", "value", "s"), can("cache.hit_rate", "value", "%"), can("x.duration", "mean", "s")]).toEqual([false, false, false, false]);
    expect(canStack(picture(line("a", [1])), [queryOf("container.memory.usage", "value")])).toBe(false);
    expect(canStack({ ...two, heatmap: { bounds: [], counts: [], most: 1 } }, [queryOf("x", "rate")])).toBe(false);
  });
  it("are remembered for a question, however it is narrowed", () => {
    const store = new Map<string, string>();
    vi.stubGlobal("localStorage", { getItem: (key: string) => store.get(key) ?? null, setItem: (key: string, value: string) => store.set(key, value) });
    const key = stackKey([queryOf("a", "rate", { services: ["x"] })]);
    expect(stackKey([queryOf("a", "rate")])).toBe(key);
    expect(stackKey([queryOf("a", "value")])).not.toBe(key);
    rememberStacked(key, true);
    expect([isStacked(key), isStacked("b")]).toEqual([true, false]);
    rememberStacked(key, false);
    expect(isStacked(key)).toBe(false);
    vi.unstubAllGlobals();
  });
});
