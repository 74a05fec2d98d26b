// The simulated history.
import type { Instance, Run, RunComparison, RunDetails, RunResult, ServiceRun, Transition } from "../../bindings";
import { seeded } from "./random";
import type { FakeService } from "./service";
import { hex } from "./service";

const HOUR = 3_600_000;

/** Runs of the last days, newest first. */
export function pastRuns(environment: string, name: string, dir: string, now: number): Run[] {
  const random = seeded(7);
  const results: RunResult[] = ["clean", "troubled", "clean", "clean", "interrupted", "clean", "troubled", "clean"];
  return results.map((result, index) => {
    const started = now - (index + 1) * 7.3 * HOUR - random() * HOUR;
    return {
      id: `01JD${hex(`run${index}`, 10).toUpperCase()}`,
      environment, name, project_dir: dir, started,
      ended: started + HOUR * (0.3 + random() * 4),
      result, services: 13, restarts: result === "troubled" ? 2 + (index % 3) : 0,
      time_to_ready: result === "interrupted" ? null : 9_000 + random() * 14_000,
      host: { system: "Debian GNU/Linux 12 (bookworm)", kernel: "6.1.0-18-amd64", architecture: "x86_64", cpus: 8, memory: 16_647_000_064, benchtop: "0.1.0" },
      imported: null,
      git_commit: hex(`commit${Math.floor(index / 2)}`, 7), git_dirty: index % 3 === 0,
      annotation: { label: index === 2 ? "before the upgrade" : null, note: null, tags: index % 4 === 2 ? ["nightly"] : [], pinned: index === 2 },
    };
  });
}

/** A believable course for a run that is over. */
export function pastDetails(run: Run, services: readonly FakeService[]): RunDetails {
  const random = seeded(run.started % 100_000);
  const end = run.ended ?? run.started + HOUR;
  const instances: Instance[] = [];
  const transitions: Transition[] = [];
  services.forEach(({ view }, index) => {
    if (view.kind === "external") return;
    const add = (generation: number, at: number, lifecycle: Transition["lifecycle"], health: Transition["health"], status: Transition["status"], cause: string): void => {
      transitions.push({ run: run.id, service: view.name, generation, at, lifecycle, health, status, cause });
    };
    const begin = (generation: number, started: number): number => {
      const time = 700 + random() * 7_000;
      instances.push({ run: run.id, service: view.name, generation, identity: view.kind === "container" ? hex(view.name + run.id, 64) : String(3_000 + index * 71), definition: hex(view.name, 16), started, time_to_ready: time, ended: null, exit: null });
      add(generation, started, "Starting", "Unknown", "Starting", "conditions hold");
      add(generation, started + time, "Running", "Healthy", "Healthy", "all probes pass");
      return started + time;
    };
    const close = (at: number, code: number): void => {
      const last = instances.at(-1);
      if (last) Object.assign(last, { ended: at, exit: { code, signal: code > 128 ? code - 128 : null, oom: code === 137, killed_after_grace: false } });
    };
    begin(1, run.started + index * 400);
    if (run.result === "troubled" && view.name === "order-service") {
      const broke = run.started + (end - run.started) * 0.4;
      add(1, broke - 60_000, "Running", "Degraded", "Degraded", "GET /health/ready answered 503");
      close(broke, 134);
      add(1, broke, "Backoff", "Unknown", "Unhealthy", "exited with code 134 (aborted)");
      begin(2, broke + 120_000);
    }
    close(end, 0);
    add(1, end, "Stopped", "Unknown", "Stopped", run.result === "interrupted" ? "the machine was restarted" : "stopped on request");
  });
  transitions.sort((one, other) => one.at - other.at);
  return { run, instances, transitions };
}

/** The two runs, of which the second has one service that got slower and one that fails. */
export function compareRuns(a: Run, b: Run, services: readonly FakeService[]): RunComparison {
  const random = seeded(11);
  const one = (): ServiceRun => ({ starts: 1, restarts: 0, time_to_start: 400, time_to_ready: 900 + random() * 4_000, worst: "Starting", alerts: 0, failures: [], errors: 0, warnings: Math.floor(random() * 4), probes: 40, probe_mean_us: 2_000 + random() * 9_000, probe_max_us: 40_000, peak_memory: 60_000_000 + random() * 300_000_000, peak_cpu: 0.1 + random() });
  const rows = services.map(({ view }) => {
    const before = one();
    const after = { ...before };
    if (view.name === "order-service") Object.assign(after, { peak_memory: (before.peak_memory ?? 0) * 3, restarts: 2, worst: "Unhealthy", alerts: 2, errors: 12, failures: ["exited with code 134 (aborted)"] });
    if (view.name === "postgres") Object.assign(after, { time_to_ready: (before.time_to_ready ?? 0) * 4 });
    return { service: view.name, a: before, b: after };
  });
  const route = (service: string, name: string, count: number, errors: number, p50: number) => ({ service, route: name, count, errors, percentiles: { p50_ns: p50 * 1e6, p90_ns: p50 * 2e6, p99_ns: p50 * 4e6, max_ns: p50 * 9e6 } });
  const execution = (throughput: number, p99: number) => ({ executions: 1, status: "passed" as const, text: null, metrics: { "load.throughput": throughput, "load.p99_ms": p99, duration_ms: 41_200 } });
  return {
    a, b, services: rows,
    routes: [
      { service: "catalog", route: "GET /products/{id}", a: route("catalog", "GET /products/{id}", 812, 0, 11), b: route("catalog", "GET /products/{id}", 798, 0, 12) },
      { service: "order-service", route: "POST /orders", a: route("order-service", "POST /orders", 402, 0, 38), b: route("order-service", "POST /orders", 371, 12, 260) },
    ],
    scenarios: [{ scenario: "order-load", a: execution(412.3, 71), b: execution(188.9, 611) }],
    differences: [
      { kind: "failure", tone: "worse", service: "order-service", text: "order-service was Unhealthy: exited with code 134 (aborted)" },
      { kind: "new_error", tone: "worse", service: "order-service", text: "order-service logs a new error, 12 times: No service for type 'RateLimiter' has been registered" },
      { kind: "route", tone: "worse", service: "order-service", text: "order-service POST /orders answers after 260 ms, before 38 ms (99 of 100 within 1040 ms, before 152 ms)" },
      { kind: "scenario", tone: "worse", service: null, text: "scenario order-load: load.throughput is 188.9, before 412.3" },
      { kind: "time_to_ready", tone: "worse", service: "postgres", text: "postgres took 11.2 s to get ready, before 2.8 s" },
      { kind: "definition", tone: "neutral", service: "api-gateway", text: "api-gateway is defined differently: environment.LOG_LEVEL" },
      { kind: "commit", tone: "neutral", service: null, text: "3 commits further, from 41aa9c1 to 9be02d4" },
    ],
    definition: [{ service: "api-gateway", kind: "changed", action: "none", fields: [{ path: "environment.LOG_LEVEL", from: "info", to: "debug" }] }],
    git: { from: "41aa9c1", to: "9be02d4", commits: ["9be02d4 Limit the rate of orders", "77a01fe Update the client of the bus", "52c8d00 Say why an order is refused"], more: false },
    patterns: {
      new: [{ template: "No service for type 'RateLimiter' has been registered", count: 12, service: "order-service", level: "error", example_seq: 1, example: "No service for type 'RateLimiter' has been registered" }],
      vanished: [{ template: "cache warmed in <*> ms", count: 1, service: "catalog-service", level: "info", example_seq: 2, example: "cache warmed in 120 ms" }],
      complete: true,
    },
  };
}
