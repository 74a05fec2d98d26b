// The address of the traces: the list with its filter, the map, or one trace.
import { list, moment, writeList } from "./values";

export type TraceTab = "waterfall" | "flame" | "compare";

export type TracesRoute = {
  view: "traces";
  environment: string;
  text: string;
  services: string[];
  since: number | null;
  until: number | null;
  /** Bounds of the duration in nanoseconds. */
  min: number | null;
  max: number | null;
  errors: boolean;
  /** The slowest first; otherwise the newest. */
  slowest: boolean;
  /** A run; null for the one that goes on, or the newest that is kept. */
  run: string | null;
  /** The map of services in place of the list. */
  map: boolean;
  /** The trace that is open, and its selected span. */
  trace: string | null;
  span: string | null;
  tab: TraceTab;
  /** The trace that it is compared with. */
  other: string | null;
};

const TABS: readonly string[] = ["waterfall", "flame", "compare"];

/** The traces of an environment, narrowed where something is given. */
export function tracesRoute(environment: string, part: Partial<Omit<TracesRoute, "view" | "environment">> = {}): TracesRoute {
  return { view: "traces", environment, text: "", services: [], since: null, until: null, min: null, max: null, errors: false, slowest: false, run: null, map: false, trace: null, span: null, tab: "waterfall", other: null, ...part };
}

export function readTraces(environment: string, values: URLSearchParams): TracesRoute {
  const tab = values.get("tab") ?? "";
  return tracesRoute(environment, {
    text: values.get("text") ?? "",
    services: list(values.get("service")),
    since: moment(values.get("since")),
    until: moment(values.get("until")),
    min: moment(values.get("min")),
    max: moment(values.get("max")),
    errors: values.has("errors"),
    slowest: values.get("order") === "slowest",
    run: values.get("run"),
    map: values.has("map"),
    trace: values.get("trace"),
    span: values.get("span"),
    tab: TABS.includes(tab) ? (tab as TraceTab) : "waterfall",
    other: values.get("other"),
  });
}

export function writeTraces(route: TracesRoute, values: URLSearchParams): void {
  const texts = { text: route.text, service: writeList(route.services), run: route.run, trace: route.trace, span: route.span, other: route.other };
  for (const [key, value] of Object.entries(texts)) if (value) values.set(key, value);
  const numbers = { since: route.since, until: route.until, min: route.min, max: route.max };
  for (const [key, value] of Object.entries(numbers)) if (value !== null) values.set(key, String(value));
  if (route.errors) values.set("errors", "1");
  if (route.slowest) values.set("order", "slowest");
  if (route.map) values.set("map", "1");
  if (route.tab !== "waterfall") values.set("tab", route.tab);
}
