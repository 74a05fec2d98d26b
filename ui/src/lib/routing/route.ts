// The address: which view is open and what it shows. Every view can be reopened
// from its link.
import type { Level } from "../bindings";

export type Panel = "resources" | "logs" | "runs";
export const PANELS: readonly Panel[] = ["resources", "logs", "runs"];

export type Route =
  | { view: "start" }
  | { view: "resources"; environment: string; select: string | null }
  | { view: "logs"; environment: string; services: string[]; level: Level | null; text: string }
  | { view: "runs"; environment: string; run: string | null };

const LEVELS: readonly string[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** Reads an address such as `#/e/shop/logs?service=api`; what it does not know is the start page. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [scope, id, panel = "resources"] = path.split("/");
  if (scope !== "e" || !id) return { view: "start" };
  const environment = decode(id);
  const values = new URLSearchParams(query);
  switch (panel) {
    case "logs": {
      const level = values.get("level") ?? "";
      return {
        view: "logs",
        environment,
        services: (values.get("service") ?? "").split(",").map(decode).filter(Boolean),
        level: LEVELS.includes(level) ? (level as Level) : null,
        text: values.get("text") ?? "",
      };
    }
    case "runs":
      return { view: "runs", environment, run: values.get("run") };
    default:
      return { view: "resources", environment, select: values.get("select") };
  }
}

/** Writes an address; the inverse of parseRoute. */
export function formatRoute(route: Route): string {
  if (route.view === "start") return "#/";
  const values = new URLSearchParams();
  if (route.view === "resources" && route.select) values.set("select", route.select);
  if (route.view === "runs" && route.run) values.set("run", route.run);
  if (route.view === "logs") {
    if (route.services.length) values.set("service", route.services.map(encodeURIComponent).join(","));
    if (route.level) values.set("level", route.level);
    if (route.text) values.set("text", route.text);
  }
  const query = values.toString();
  return `#/e/${encodeURIComponent(route.environment)}/${route.view}${query ? `?${query}` : ""}`;
}

/** The address of a panel in its plain form. */
export function panelRoute(environment: string, panel: Panel): Route {
  switch (panel) {
    case "resources": return { view: "resources", environment, select: null };
    case "logs": return { view: "logs", environment, services: [], level: null, text: "" };
    case "runs": return { view: "runs", environment, run: null };
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
