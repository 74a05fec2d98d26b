// The address survives a round trip and forgives what it does not know.
import { describe, expect, it } from "vitest";
import { formatRoute, logsRoute, metricsRoute, parseRoute, tracesRoute, type Route } from "./route";

describe("the address", () => {
  const routes: Route[] = [
    { view: "start" },
    { view: "resources", environment: "/home/me/shop", select: "auth-service" },
    { view: "resources", environment: "a?b#c", select: null },
    logsRoute("shop", { services: ["a", "b,c", "d&e"], level: "warn", text: "x=1 & y #2" }),
    logsRoute("shop", { since: 1_763_800_000_000, until: 1_763_800_060_000, run: "01HX", mark: true }),
    logsRoute("shop", { services: ["api"], line: 4217 }),
    tracesRoute("shop"),
    tracesRoute("shop", { text: 'status=error route=/a?b "x & y"', services: ["a", "b,c"], min: 250_000_000, max: 1_500_000_000, errors: true, slowest: true, since: 1, until: 2, run: "01HX" }),
    tracesRoute("shop", { trace: "4bf92f35", span: "00f067aa", tab: "compare", other: "5bf92f35" }),
    tracesRoute("shop", { map: true }),
    metricsRoute("shop"),
    metricsRoute("shop", { metric: "http.server.request.duration", services: ["a", "b,c"], show: "p99", group: ["http.route", "a,b"], filter: [{ key: "k=1", value: "v=2,3" }], range: "run", run: "01HX" }),
    metricsRoute("shop", { since: 1_763_800_000_000, until: 1_763_800_060_000 }),
    { view: "runs", environment: "shop", run: "01HX", base: null },
    { view: "runs", environment: "shop", run: "01HX", base: "01HW" },
    { view: "settings", environment: "shop" },
    { view: "settings", environment: null },
  ];
  it.each(routes)("survives a round trip: %j", (route) => {
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });
  it("falls back to the start page and to resources", () => {
    expect(parseRoute("")).toEqual({ view: "start" });
    expect(parseRoute("#/nonsense/x")).toEqual({ view: "start" });
    expect(parseRoute("#/e/shop/nonsense")).toEqual({ view: "resources", environment: "shop", select: null });
  });
  it("ignores an unknown level and a broken escape", () => {
    expect(parseRoute("#/e/shop/logs?level=loud&since=soon")).toMatchObject({ level: null, since: null });
    expect(parseRoute("#/e/shop/traces?tab=odd&min=fast&order=up")).toEqual(tracesRoute("shop"));
    expect(parseRoute("#/e/shop/metrics?show=odd&range=7y&filter=x")).toEqual(metricsRoute("shop"));
    expect(parseRoute("#/e/100%/logs")).toMatchObject({ environment: "100%" });
  });
});
