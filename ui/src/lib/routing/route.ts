// The address: which view is open and what it shows. Every view can be reopened
// from its link.
import type { Level } from "../bindings";
import { metricsRoute, readMetrics, writeMetrics, type MetricsRoute } from "./metrics-route";
import { readTraces, tracesRoute, writeTraces, type TracesRoute } from "./traces-route";
import { decode, list, moment } from "./values";

export { metricsRoute, tracesRoute, type MetricsRoute, type TracesRoute };
export type Panel = "resources" | "logs" | "traces" | "metrics" | "runs" | "scenarios" | "doctor";
export const PANELS: readonly Panel[] = ["resources", "logs", "traces", "metrics", "runs", "scenarios", "doctor"];

/** What the log panel shows. */
export type LogsRoute = {
  view: "logs";
  environment: string;
  services: string[];
  level: Level | null;
  text: string;
  since: number | null;
  until: number | null;
  /** A run, `all`, or null for the run that goes on. */
  run: string | null;
  /** What is looked for is marked among all lines, not filtered. */
  mark: boolean;
  /** The number of the line that is shown and selected. */
  line: number | null;
};

export type Route =
  | { view: "start" }
  | { view: "resources"; environment: string; select: string | null }
  | LogsRoute
  | TracesRoute
  | MetricsRoute
  // `base`: the run that it is compared with.
  | { view: "runs"; environment: string; run: string | null; base: string | null }
  // `execution`: one that has ended; null for the newest.
  | { view: "scenarios"; environment: string; scenario: string | null; execution: string | null }
  | { view: "doctor"; environment: string }
  | { view: "alerts"; environment: string }
  | { view: "settings"; environment: string | null };

/** What is shown of an open environment. */
export type EnvironmentRoute = Extract<Route, { environment: string }> | { view: "settings"; environment: string };

const LEVELS: readonly string[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** Reads an address such as `#/e/shop/logs?service=api`; what it does not know is the start page. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [scope, id, panel = "resources"] = path.split("/");
  if (scope === "settings") return { view: "settings", environment: null };
  if (scope !== "e" || !id) return { view: "start" };
  const environment = decode(id);
  const values = new URLSearchParams(query);
  switch (panel) {
    case "logs": {
      const level = values.get("level") ?? "";
      return {
        view: "logs",
        environment,
        services: list(values.get("service")),
        level: LEVELS.includes(level) ? (level as Level) : null,
        text: values.get("text") ?? "",
        since: moment(values.get("since")),
        until: moment(values.get("until")),
        run: values.get("run"),
        mark: values.has("mark"),
        line: moment(values.get("line")),
      };
    }
    case "traces":
      return readTraces(environment, values);
    case "metrics":
      return readMetrics(environment, values);
    case "runs":
      return { view: "runs", environment, run: values.get("run"), base: values.get("base") };
    case "scenarios":
      return { view: "scenarios", environment, scenario: values.get("scenario"), execution: values.get("execution") };
    case "doctor":
      return { view: "doctor", environment };
    case "alerts":
      return { view: "alerts", environment };
    case "settings":
      return { view: "settings", environment };
    default:
      return { view: "resources", environment, select: values.get("select") };
  }
}

/** Writes an address; the inverse of parseRoute. */
export function formatRoute(route: Route): string {
  if (route.view === "start") return "#/";
  if (route.environment === null) return "#/settings";
  const values = new URLSearchParams();
  if (route.view === "resources" && route.select) values.set("select", route.select);
  if (route.view === "runs" && route.run) values.set("run", route.run);
  if (route.view === "scenarios" && route.scenario) values.set("scenario", route.scenario);
  if (route.view === "scenarios" && route.execution) values.set("execution", route.execution);
  if (route.view === "traces") writeTraces(route, values);
  if (route.view === "metrics") writeMetrics(route, values);
  if (route.view === "runs" && route.base) values.set("base", route.base);
  if (route.view === "logs") {
    if (route.services.length) values.set("service", route.services.map(encodeURIComponent).join(","));
    if (route.level) values.set("level", route.level);
    if (route.text) values.set("text", route.text);
    if (route.since !== null) values.set("since", String(route.since));
    if (route.until !== null) values.set("until", String(route.until));
    if (route.run) values.set("run", route.run);
    if (route.mark) values.set("mark", "1");
    if (route.line !== null) values.set("line", String(route.line));
  }
  const query = values.toString();
  return `#/e/${encodeURIComponent(route.environment)}/${route.view}${query ? `?${query}` : ""}`;
}

/** The address of a panel in its plain form. */
export function panelRoute(environment: string, panel: Panel): Route {
  switch (panel) {
    case "resources": return { view: "resources", environment, select: null };
    case "logs": return logsRoute(environment);
    case "traces": return tracesRoute(environment);
    case "metrics": return metricsRoute(environment);
    case "runs": return { view: "runs", environment, run: null, base: null };
    case "scenarios": return { view: "scenarios", environment, scenario: null, execution: null };
    case "doctor": return { view: "doctor", environment };
  }
}

/** The logs of an environment, narrowed where something is given. */
export function logsRoute(environment: string, part: Partial<Omit<LogsRoute, "view" | "environment">> = {}): LogsRoute {
  return { view: "logs", environment, services: [], level: null, text: "", since: null, until: null, run: null, mark: false, line: null, ...part };
}
