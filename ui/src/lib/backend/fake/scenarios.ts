// The situations that the page must look good in, chosen by `?fake=<name>`.
import type { LayerView, Problem } from "../../bindings";
import type { Past } from "./log-store";
import { hex } from "./service";
import { many, shop, systems } from "./services";
import { FakeTraces } from "./traces";
import { World } from "./world";

export const SCENARIOS = ["busy", "empty", "loading", "failing", "disconnected", "definition-error", "no-runtime", "many", "stopped", "million", "pulling", "choice", "systems"] as const;
export type Scenario = (typeof SCENARIOS)[number];

const MEGABYTE = 1_048_576;
const HOUR = 3_600_000;

export function definitionProblems(): Problem[] {
  const file = "benchtop.yaml";
  return [
    { severity: "error", place: { file, line: 14, column: 7 }, message: "Found the key “evnironment”, expected one of the keys of a service", hint: "Did you mean “environment”?", excerpt: { line_text: "      evnironment: { LOG_LEVEL: debug }", column: 7, length: 11 } },
    { severity: "error", place: { file, line: 31, column: 19 }, message: "“order-servce” is not a service of this environment", hint: "Did you mean “order-service”?", excerpt: { line_text: "    references: [order-servce, postgres]", column: 18, length: 12 } },
    { severity: "error", place: { file, line: 47, column: 16 }, message: "The services auth-service → order-service → auth-service wait for each other", hint: "Remove one of the references, or set its condition to started", excerpt: null },
    { severity: "warning", place: { file: "infra/compose.yaml", line: 9, column: 5 }, message: "The key “cgroup_parent” is not supported and has no effect", hint: null, excerpt: { line_text: "    cgroup_parent: m-executor-abcd", column: 5, length: 13 } },
  ];
}

export function buildWorld(scenario: Scenario, now: number): World {
  const world = new World(scenario === "many" ? many(84) : scenario === "systems" ? [...shop(), ...systems()] : shop(), now, scenario === "many" ? "platform" : "shop");
  if (scenario === "stopped" || scenario === "empty" || scenario === "loading") return world;
  if (scenario === "no-runtime") {
    world.runtime = { available: false, name: null, problem: "Docker is installed but not running", hint: "Start it with “systemctl start docker”, then try again", since: now - 40_000 };
    for (const { view } of world.services) if (view.kind === "container") Object.assign(view, { status: "Unhealthy", lifecycle: "Failed", reason: "There is no container runtime to start it on" });
    return world;
  }
  const definitions = world.services.map(({ view }) => view);
  world.traces = new FakeTraces(now, definitions, false, scenario === "failing");
  if (scenario === "million") world.logs.setPast(millionLines(now - 600_000));
  world.settleAll(now, 2.2 * HOUR);
  if (scenario !== "many") history(world, now);
  else for (let age = 900; age > 0; age--) {
    world.writeLine(now - age * 400);
  }
  if (scenario === "failing") fail(world, now);
  if (scenario === "pulling") pulling(world, now);
  if (scenario === "many") {
    world.crash("billing-worker", now - 90_000, 1, "The configuration value BILLING_KEY is missing", null);
    world.degrade("search-indexer", now - 30_000, "GET /health/ready answered 503 four times in a row");
  }
  if (scenario === "busy") {
    world.changed = ["auth-service", "catalog"];
    world.find("auth-service").view.changed = true;
    world.find("catalog").view.changed = true;
  }
  if (scenario === "definition-error") world.problems = definitionProblems();
  return world;
}

/** A million lines before all others, made when they are looked at. */
function millionLines(end: number): Past {
  const count = 1_000_000;
  const words = ["stored", "checked", "sent", "read", "merged", "dropped"];
  const names = shop().filter(({ kind }) => kind !== "external").map(({ name }) => name);
  return {
    count,
    make: (seq) => ({
      seq, time: end - (count - seq) * 6, service: names[(seq * 7) % names.length] ?? "web", generation: 1, stream: "stdout", severity: "info",
      body: `request ${seq} ${words[seq % words.length]} in ${(seq * 37) % 900} ms, customer ${(seq * 131) % 9_973}`,
    }),
  };
}

/** Lines of the last minutes. */
function history(world: World, now: number): void {
  for (let age = 1_800; age > 0; age--) world.writeLine(now - age * 330 - (age % 7) * 41);
}

/** Images come one layer at a time; one of them has stopped coming. */
function pulling(world: World, now: number): void {
  const layers = (states: [string, number, number][]): LayerView[] => states.map(([state, done, total], index) => ({ id: hex(`layer${index}${total}`, 12), state, done: done * MEGABYTE, total: total * MEGABYTE }));
  const pulls: [string, boolean, [string, number, number][]][] = [
    ["kafka", false, [["Pull complete", 28, 28], ["Pull complete", 3, 3], ["Extracting", 96, 96], ["Downloading", 41, 118], ["Waiting", 0, 64]]],
    ["elasticsearch", true, [["Pull complete", 28, 28], ["Downloading", 212, 611]]],
  ];
  for (const [name, stalled, states] of pulls) {
    const service = world.find(name);
    service.end(now, 0);
    service.enter(world.run, now - 40_000, "Starting", "Unknown", "Starting", "asked to start");
    const list = layers(states);
    const sum = (value: (layer: LayerView) => number): number => list.reduce((all, layer) => all + value(layer), 0);
    service.view.pull = { image: service.view.source, done_bytes: sum(({ done }) => done), total_bytes: sum(({ total }) => total ?? 0), layers: list, stalled };
  }
}

function fail(world: World, now: number): void {
  world.degrade("recommendations", now - 48_000, "GET /health/ready answered 503: model not loaded");
  world.crash("order-service", now - 5_000, 134, "Ended with exit code 134: unhandled Npgsql.NpgsqlException, cannot reach postgres on port 5432", 45_000);
  world.find("order-service").view.flapping = true;
  world.crash("payment-service", now - 190_000, 1, "Crash loop: 6 failures in 4 minutes, the last with exit code 1 (EADDRINUSE, port 5003 is held by pid 8112 node)", null);
  world.find("order-service").view.restarts = 3;
  world.find("payment-service").view.restarts = 6;
  const elastic = world.find("elasticsearch");
  world.degrade("elasticsearch", now - 300_000, "Cluster status is yellow: 3 of 24 shards are unassigned");
  elastic.view.probes.find((probe) => probe.role === "ready")!.details = { cluster: "yellow", shards: "24", unassigned: "3" };
  const redis = world.find("redis");
  redis.view.stale = true;
  const web = world.find("web");
  web.end(now - 3_000, 0);
  web.enter(world.run, now - 3_000, "Building", "Unknown", "Starting", "asked to rebuild");
  web.view.progress = "npm run build, 12 s";
  web.view.build = { started: now - 12_000, ended: null, ok: null, text: null };
  world.find("order-service").view.build = { started: now - 95_000, ended: now - 83_000, ok: false, text: "src/Orders/Handler.cs(42,17): error CS0103: The name 'ordr' does not exist in the current context\nBuild FAILED.\n    0 Warning(s)\n    1 Error(s)" };
  world.find("catalog").enter(world.run, now - 4_000, "Waiting", "Unknown", "Starting", "asked to start");
  world.find("catalog").end(now - 4_000, 143);
  world.find("catalog").view.reason = "Waits for elasticsearch, which is Degraded because 3 of 24 shards are unassigned";
}
