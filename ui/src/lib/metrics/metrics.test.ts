// Units in words, ranges, charts of the first look, lines and marks.
import { describe, expect, it } from "vitest";
import type { Metric, MetricFrames } from "../bindings";
import { defaultCharts, findMetrics, keyOf, queryOf, sameQuery, titleOf, waysOf } from "./charts";
import { groupMarks, marksOf } from "./marks";
import { boundsOf } from "./range";
import { columnAt, pictureOf, quantileRow, rangeOf, summaryOf } from "./series";
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
