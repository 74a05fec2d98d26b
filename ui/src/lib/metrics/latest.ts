// The last value of a metric in one number: the sum over services where parts add up,
// otherwise the highest.
import type { Metric, MetricFrame, MetricQuery } from "../bindings";
import { queryOf, waysOf } from "./charts";
import { shownUnit } from "./units";

export type Latest = { value: number; unit: string | null; sum: boolean };

export function latestQuery(metric: Metric): MetricQuery {
  return queryOf(metric.name, waysOf(metric)[0] ?? "value");
}

export function latestOf(frame: MetricFrame, show: MetricQuery["show"]): Latest | null {
  const values = frame.series.flatMap(({ points }) => points.findLast((point) => point !== null) ?? []);
  if (values.length === 0) return null;
  const { unit, factor } = shownUnit(frame.metric, frame.unit);
  const adds = show === "rate" || show === "delta" || show === "count" || (show === "value" && !/(^|\.)(utilization|duration|time|ratio|limit)$/.test(frame.metric) && unit !== "s" && unit !== "ms");
  const value = adds ? values.reduce((sum, one) => sum + one, 0) : values.reduce((most, one) => Math.max(most, one), -Infinity);
  return { value: value * factor, unit, sum: adds };
}
