// The address survives a round trip and forgives what it does not know.
import { describe, expect, it } from "vitest";
import { formatRoute, logsRoute, parseRoute, type Route } from "./route";

describe("the address", () => {
  const routes: Route[] = [
    { view: "start" },
    { view: "resources", environment: "/home/me/shop", select: "auth-service" },
    { view: "resources", environment: "a?b#c", select: null },
    logsRoute("shop", { services: ["a", "b,c", "d&e"], level: "warn", text: "x=1 & y #2" }),
    logsRoute("shop", { since: 1_763_800_000_000, until: 1_763_800_060_000, run: "01HX", mark: true }),
    { view: "runs", environment: "shop", run: "01HX" },
    { view: "settings", environment: "shop" },
    { view: "settings", environment: null },
  ];
  it.each(routes)("survives a round trip: %j", (route) => {
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });
  it("falls back to the start page and to resources", () => {
    expect(parseRoute("")).toEqual({ view: "start" });
    expect(parseRoute("#/nonsense/x")).toEqual({ view: "start" });
    expect(parseRoute("#/e/shop/metrics")).toEqual({ view: "resources", environment: "shop", select: null });
  });
  it("ignores an unknown level and a broken escape", () => {
    expect(parseRoute("#/e/shop/logs?level=loud&since=soon")).toMatchObject({ level: null, since: null });
    expect(parseRoute("#/e/100%/logs")).toMatchObject({ environment: "100%" });
  });
});
