// Filter, order and groups of the resources table.
import { describe, expect, it } from "vitest";
import type { ServiceView } from "../bindings";
import { arrange, countByStatus, lastProbe, nextSort } from "./arrange";

function service(name: string, more: Partial<ServiceView> = {}): ServiceView {
  return {
    name, kind: "process", group: null, status: "Healthy", lifecycle: "Running", health: "Healthy", reason: null, progress: null, since: 0,
    generation: 1, restarts: 0, next_start: null, started: 0, endpoints: [], pid: 1, container_id: null, exit_code: null, cpu: null, memory: null,
    probes: [], depends_on: [], source: "run", stale: false, changed: false, flapping: false, can_rebuild: false, watching: false, build: null, ...more,
  };
}
const all = { filter: "", statuses: new Set<never>(), sort: null };
const names = (groups: { services: ServiceView[] }[]): string[] => groups.flatMap(({ services }) => services.map(({ name }) => name));

describe("the resources table", () => {
  const services = [service("web", { cpu: 3 }), service("db", { group: "Infra", kind: "container", cpu: 9 }), service("api", { group: "Core", status: "Unhealthy", reason: "port 5003 is held" }), service("cache", { group: "Infra" })];

  it("keeps groups in order of appearance, the groupless last", () => {
    expect(arrange(services, all).map(({ name }) => name)).toEqual(["Infra", "Core", "Other"]);
  });
  it("filters by every word, over name, kind, status and reason", () => {
    expect(names(arrange(services, { ...all, filter: "unhealthy 5003" }))).toEqual(["api"]);
    expect(names(arrange(services, { ...all, filter: "container" }))).toEqual(["db"]);
    expect(names(arrange(services, { ...all, statuses: new Set(["Unhealthy" as const]) }))).toEqual(["api"]);
  });
  it("sorts within groups, what is unknown counts as least", () => {
    expect(names(arrange(services, { ...all, sort: { key: "cpu", descending: false } }))).toEqual(["cache", "db", "api", "web"]);
  });
  it("goes through up, down and none; loads begin with the highest", () => {
    expect(nextSort(null, "name")).toEqual({ key: "name", descending: false });
    expect(nextSort({ key: "name", descending: true }, "name")).toBeNull();
    expect(nextSort(null, "cpu")).toEqual({ key: "cpu", descending: true });
    expect(nextSort({ key: "cpu", descending: false }, "cpu")).toBeNull();
  });
  it("counts by status", () => {
    expect(countByStatus(services).get("Healthy")).toBe(3);
  });
  it("finds the probe that answered last", () => {
    const blank = { role: "live" as const, kind: "tcp", target: "", interval: 1, verdict: null, text: null, latency_us: null, failures: 0, details: {} };
    expect(lastProbe(service("x", { probes: [{ ...blank, at: 5 }, { ...blank, kind: "http", at: 9 }, { ...blank, at: null }] }))?.kind).toBe("http");
    expect(lastProbe(service("x"))).toBeNull();
  });
});
