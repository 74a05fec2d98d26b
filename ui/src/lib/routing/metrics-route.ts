// The address of the metrics: the dashboard, or one metric with its question.
import type { MetricFilter, MetricShow } from "../bindings";
import { isRange, type RangeKey } from "../metrics/range";
import { decode, list, moment, writeList } from "./values";

export type MetricsRoute = {
  view: "metrics";
  environment: string;
  /** One metric in full; null for the dashboard. */
  metric: string | null;
  services: string[];
  /** How it is shown; null for its usual way. */
  show: MetricShow | null;
  group: string[];
  filter: MetricFilter[];
  range: RangeKey;
  /** A stretch of time in place of the range. */
  since: number | null;
  until: number | null;
  run: string | null;
};

const SHOWS: readonly string[] = ["value", "rate", "delta", "p50", "p90", "p99", "heatmap", "count", "mean"];

export function metricsRoute(environment: string, part: Partial<Omit<MetricsRoute, "view" | "environment">> = {}): MetricsRoute {
  return { view: "metrics", environment, metric: null, services: [], show: null, group: [], filter: [], range: "15m", since: null, until: null, run: null, ...part };
}

export function readMetrics(environment: string, values: URLSearchParams): MetricsRoute {
  const show = values.get("show") ?? "";
  const range = values.get("range");
  return metricsRoute(environment, {
    metric: values.get("metric"),
    services: list(values.get("service")),
    show: SHOWS.includes(show) ? (show as MetricShow) : null,
    group: list(values.get("group")),
    filter: readFilter(values.get("filter")),
    range: isRange(range) ? range : "15m",
    since: moment(values.get("since")),
    until: moment(values.get("until")),
    run: values.get("run"),
  });
}

export function writeMetrics(route: MetricsRoute, values: URLSearchParams): void {
  if (route.metric) values.set("metric", route.metric);
  if (route.services.length) values.set("service", writeList(route.services));
  if (route.show) values.set("show", route.show);
  if (route.group.length) values.set("group", writeList(route.group));
  if (route.filter.length) values.set("filter", route.filter.map(({ key, value }) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join(","));
  if (route.range !== "15m") values.set("range", route.range);
  if (route.since !== null) values.set("since", String(route.since));
  if (route.until !== null) values.set("until", String(route.until));
  if (route.run) values.set("run", route.run);
}

function readFilter(text: string | null): MetricFilter[] {
  return (text ?? "").split(",").flatMap((part) => {
    const [key, value] = part.split("=");
    return key && value !== undefined ? [{ key: decode(key), value: decode(value) }] : [];
  });
}
