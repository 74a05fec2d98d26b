// What a chart shows: which ways a metric can be shown, which is the first, and which
// charts a person sees who has pinned none.
import type { Metric, MetricKind, MetricQuery, MetricShow } from "../bindings";

/** One chart: several questions share its axes. */
export type Chart = { title: string; note?: string; queries: MetricQuery[] };

export const SHOWS: Record<MetricShow, { word: string; meaning: string }> = {
  value: { word: "Value", meaning: "As it was reported" },
  rate: { word: "Rate", meaning: "Growth per second" },
  delta: { word: "Increase", meaning: "Growth within each step of the chart" },
  p50: { word: "p50", meaning: "Half of all were below" },
  p90: { word: "p90", meaning: "Nine of ten were below" },
  p99: { word: "p99", meaning: "99 of 100 were below" },
  heatmap: { word: "Heatmap", meaning: "How many fell into which range" },
  count: { word: "Count", meaning: "How many values there were" },
  mean: { word: "Mean", meaning: "Sum by count" },
};

const DISTRIBUTION: readonly MetricShow[] = ["p50", "p90", "p99", "heatmap", "mean", "count", "rate"];
const WAYS: Record<MetricKind, readonly MetricShow[]> = {
  gauge: ["value"],
  sum: ["rate", "delta", "value"],
  histogram: DISTRIBUTION,
  exponential_histogram: DISTRIBUTION,
  summary: ["mean", "count", "rate", "p50", "p90", "p99"],
};

/** The ways in which a metric can be shown, the usual one first. */
export function waysOf(metric: Pick<Metric, "kind" | "monotonic"> & { unit?: string | null }): readonly MetricShow[] {
  // What happens once an hour has no rate that says anything.
  if (metric.kind === "sum" && metric.unit === "{restart}") return ["value", "delta", "rate"];
  if (metric.kind === "sum" && !metric.monotonic) return ["value", "delta"];
  return metric.kind === "histogram" || metric.kind === "exponential_histogram" ? ["p90", ...DISTRIBUTION.filter((way) => way !== "p90")] : WAYS[metric.kind];
}

export function queryOf(metric: string, show: MetricShow, part: Partial<MetricQuery> = {}): MetricQuery {
  return { metric, services: [], filter: [], group_by: [], show, ...part };
}

/** The charts of the first look: of those that have something to show. */
export function defaultCharts(metrics: readonly Metric[]): Chart[] {
  const known = new Set(metrics.map(({ name }) => name));
  const chart = (title: string, note: string, ...queries: MetricQuery[]): Chart[] => {
    const asked = queries.filter(({ metric }) => known.has(metric));
    return asked.length ? [{ title, note, queries: asked }] : [];
  };
  const red = known.has("traces.span.duration") ? "traces.span.duration" : "http.server.request.duration";
  return [
    ...chart("CPU of containers", "Percent of one core", queryOf("container.cpu.usage", "value")),
    ...chart("CPU of processes", "Percent of the machine", queryOf("process.cpu.utilization", "value")),
    ...chart("Memory", "In use", queryOf("container.memory.usage", "value"), queryOf("process.memory.usage", "value")),
    ...chart("Requests", "Spans per second", queryOf(red, "rate")),
    ...chart("Errors", "Spans with an error per second", queryOf(red, "rate", { filter: [{ key: "status", value: "error" }] })),
    ...chart("Duration", "99 of 100 were faster", queryOf(red, "p99")),
    ...chart("Network", "Bytes per second", queryOf("container.network.io", "rate", { group_by: ["network.io.direction"] })),
    ...chart("Disk", "Bytes per second", queryOf("container.disk.io", "rate", { group_by: ["disk.io.direction"] }), queryOf("process.disk.io", "rate", { group_by: ["disk.io.direction"] })),
    ...chart("Health probes", "How long they take", queryOf("benchtop.probe.duration", "value")),
  ];
}

/** The same question, whatever the order of its parts. */
export function sameQuery(one: MetricQuery, other: MetricQuery): boolean {
  return keyOf(one) === keyOf(other);
}

export function keyOf({ metric, services, filter, group_by, show }: MetricQuery): string {
  return JSON.stringify([metric, services.toSorted(), filter.map(({ key, value }) => `${key}=${value}`).toSorted(), group_by.toSorted(), show]);
}

/** What a chart of this question is called. */
export function titleOf({ metric, show, services, filter }: MetricQuery): string {
  const of = services.length === 1 ? ` of ${services[0]}` : services.length > 1 ? ` of ${services.length} services` : "";
  const where = filter.map(({ key, value }) => `${key}=${value}`).join(", ");
  return `${metric}${of}${show === "value" ? "" : `, ${SHOWS[show].word.toLowerCase()}`}${where ? ` (${where})` : ""}`;
}

/** The metrics that fit what is typed; every word must be in the name, description, unit or a service. */
export function findMetrics(metrics: readonly Metric[], text: string): Metric[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return metrics.filter(({ name, description, services, source }) => {
    const all = `${name} ${description ?? ""} ${services.join(" ")} ${source}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}
