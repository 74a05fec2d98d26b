// A backend without an engine: a simulated environment for tests and pictures.
// Only the build mode "fake" contains it.
import { diagnose } from "./fake/diagnosis";
import { cleaned, examination, preview } from "./fake/doctor";
import type { ApiError, PinnedChart, Run, RuntimeChoice, Topic, Variable } from "../bindings";
import type { FieldChange, ServiceChange } from "../bindings";
import type { Backend, BackendEvent, Method, RequestOf, ResponseOf } from "./backend";
import { CHOICE, importFile, inspect } from "./fake/folders";
import { healthHistory } from "./fake/health";
import { keptPins, metricFrames, metricList } from "./fake/metrics";
import { compareRuns, pastDetails } from "./fake/runs";
import { FakeFlink, kafka, systemOf, temporal } from "./fake/systems";
import { FakeScenarios } from "./fake/scenario-runs";
import { inFolder } from "../format/file-name";
import { downloadLogs } from "./web";
import { buildWorld, definitionProblems, SCENARIOS, type Scenario } from "./fake/scenarios";
import type { World } from "./fake/world";

const LATENCY = 12;
const FRAME = 100;

/** What tests hold of the simulation, as `window.fake`. */
export type FakeControl = {
  world: World;
  calls: Record<string, number>;
  /** The last request per method. */
  asked: Record<string, unknown>;
  failNext: (method: Method, message: string, hint?: string) => void;
  /** Keeps the next answer of a method back until release(). */
  holdNext: (method: Method) => void;
  release: () => void;
  /** The person closes the next dialog for a file without a choice. */
  cancelNextPick: () => void;
  emit: (event: BackendEvent) => void;
  opened: string[];
  quits: string[];
};

declare global {
  interface Window { fake?: FakeControl }
}

export function fakeBackend(): Backend {
  const wanted = new URLSearchParams(location.search).get("fake") ?? "busy";
  const scenario: Scenario = (SCENARIOS as readonly string[]).includes(wanted) ? (wanted as Scenario) : "busy";
  const world = buildWorld(scenario, Date.now());
  const handlers = new Set<(event: BackendEvent) => void>();
  const failures = new Map<Method, ApiError>();
  let held: Method | null = null;
  let release = (): void => {};
  let cancelled = false;
  let autostart = false;
  const pick = <T>(choice: T): T | null => {
    const answer = cancelled ? null : choice;
    cancelled = false;
    return answer;
  };
  const control: FakeControl = {
    holdNext: (method) => void (held = method),
    release: () => release(),
    cancelNextPick: () => void (cancelled = true),
    world, calls: {}, asked: {}, opened: [], quits: [],
    failNext: (method, message, hint) => void failures.set(method, { code: "internal", message, hint: hint ?? null, problems: [] }),
    emit: (event) => handlers.forEach((handler) => handler(event)),
  };
  window.fake = control;
  const changed = (...topics: Topic[]): void => control.emit({ type: "changed", environment: world.environment.id, topics });
  const { alerts } = world;
  alerts.begin(world.services.map(({ view }) => view), world.run, Date.now());

  const scenarios = new FakeScenarios(Date.now(), world.run, scenario === "empty" || scenario === "stopped");
  let last = Date.now();
  let sampled = 0;
  setInterval(() => {
    const now = Date.now();
    world.tick(now, now - last);
    if (scenarios.tick(now)) changed("scenarios");
    last = now;
    alerts.follow(world.services.map(({ view }) => view), world.run, now, (news, alert) =>
      control.emit({ type: "alert", environment: world.environment.id, name: world.environment.name, news, alert: structuredClone(alert), silenced: alerts.silences.has(alert.service) }));
    if (scenario !== "disconnected") changed("status", "logs", "traces", ...(now - sampled < 2_000 ? [] : (["metrics"] as const)));
    if (now - sampled >= 2_000) sampled = now;
  }, FRAME);
  if (scenario === "disconnected")
    setTimeout(() => control.emit({ type: "connection", connected: false, message: "The engine does not answer since 9 s" }), 700);

  const answers = makeAnswers(world, scenario, scenarios);
  const door: Backend = {
    async call<M extends Method>(method: M, request: RequestOf<M>): Promise<ResponseOf<M>> {
      control.calls[method] = (control.calls[method] ?? 0) + 1;
      control.asked[method] = request;
      if (scenario === "loading" && method !== "engine.info") return new Promise(() => {});
      await new Promise((resolve) => setTimeout(resolve, LATENCY));
      if (held === method) {
        held = null;
        await new Promise<void>((resolve) => (release = resolve));
      }
      const failure = failures.get(method);
      failures.delete(method);
      if (failure) throw failure;
      const answer = answers[method](request as never) as ResponseOf<M>;
      if (method === "alerts.silence") changed("alerts", "status");
      else if (method === "telemetry.import" || method === "runs.import") changed("runs");
      else if (!/^(environment\.(list|status|diagnosis)|logs|metrics|traces|telemetry|runs\.(list|show|compare|export)|engine|doctor|probes|alerts\.list|report|service\.(details|kafka|flink|temporal)|flink|scenarios\.list|scenario\.history)/.test(method)) changed("status", "runs", ...(method.startsWith("scenario") ? (["scenarios"] as const) : []));
      return answer;
    },
    subscribe(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    pickFolder: async () => ({ "definition-error": "/home/dev/projects/broken", choice: CHOICE, empty: "/home/dev/projects/empty" } as Partial<Record<Scenario, string>>)[scenario] ?? world.environment.project_dir,
    pickTarget: async ({ folder, file }) => pick({ path: inFolder(folder, file), overwrite: true }),
    pickFile: async ({ kind }) => pick(`/home/dev/downloads/shop-telemetry.${kind.extension}`),
    exportLogs: (wanted) => downloadLogs(door.call, wanted),
    openExternal: async (url) => void control.opened.push(url),
    startup: async () => ({ environment: null, version: "0.1.0", shell: "desktop" }),
    quit: async (mode) => void control.quits.push(mode),
    autostart: async (wanted) => (autostart = wanted ?? autostart),
  };
  return door;
}

type Answers = { [M in Method]: (request: RequestOf<M>) => ResponseOf<M> };

function makeAnswers(world: World, scenario: Scenario, scenarios: FakeScenarios): Answers {
  const { environment } = world;
  const now = (): number => Date.now();
  const nothing = {};
  const quiet = scenario === "stopped";
  const flink = new FakeFlink(now(), quiet);
  let pins: PinnedChart[] = scenario === "many" ? keptPins() : [];
  const others = [
    { ...environment, id: "/home/dev/projects/telemetry-lab", name: "telemetry-lab", project_dir: "/home/dev/projects/telemetry-lab", file: "/home/dev/projects/telemetry-lab/compose.yaml", open: false, status: "Stopped" as const, last_opened: now() - 86_400_000 },
    { ...environment, id: "/home/dev/work/very/deeply/nested/customer/monorepo/services/billing", name: "billing", project_dir: "/home/dev/work/very/deeply/nested/customer/monorepo/services/billing", file: "benchtop.yaml", open: true, status: "Degraded" as const, last_opened: now() - 5 * 86_400_000 },
  ];
  return {
    "engine.info": () => ({ version: "0.1.0", protocol: 1, pid: 4211, started: now() - 9_000_000, data_dir: "/home/dev/.local/share/benchtop" }),
    "engine.stop": () => nothing,
    "environment.list": () => (scenario === "empty" ? [] : [{ ...environment }, ...others]),
    "environment.open": ({ path }) => {
      if (path?.endsWith("broken")) throw { code: "definition", message: "The environment file has 3 errors", hint: null, problems: definitionProblems() } satisfies ApiError;
      return { ...environment };
    },
    "environment.check": () => ({ file: environment.file, problems: world.problems, plan: null, start_order: [], summary: [] }),
    "folder.inspect": ({ path }) => inspect(path),
    "definition.import": importFile,
    "environment.status": () => world.view(),
    "environment.up": () => (world.up(now()), { obstacles: [] }),
    "environment.changes": () => ({ changes: world.changed.map((name, index) => changeOf(name, index)), problems: world.problems }),
    "environment.apply": () => (world.apply(now()), nothing),
    "environment.down": () => (world.down(now()), nothing),
    "service.start": ({ service }) => (world.start(service, now()), nothing),
    "service.stop": ({ service }) => (world.stop(service, now()), nothing),
    "service.restart": ({ service }) => (world.restart(service, now()), nothing),
    "service.rebuild": ({ service }) => (world.rebuild(service, now()), nothing),
    "service.cancel": ({ service }) => (world.cancel(service, now()), nothing),
    "service.probe": ({ service }) => (world.probe(service, now()), nothing),
    "service.details": ({ service }) => {
      const found = world.find(service);
      return structuredClone({ service: found.view, environment: variables(service), instances: found.instances.slice(0, 8), transitions: found.transitions.slice(0, 30), system: systemOf(found.view.source) });
    },
    "service.kafka": () => kafka(now(), quiet, scenario === "failing"),
    "service.flink": () => flink.view(),
    "service.temporal": () => temporal(now(), quiet),
    "flink.submit": ({ sql }) => flink.submit(sql),
    "flink.cancel": ({ job }) => (flink.cancel(job), nothing),
    "environment.diagnosis": () => diagnose(world.view().services, (service) => world.logs.records.findLast((record) => record.service === service)),
    "service.use_port": ({ service }) => (world.restart(service, now()), nothing),
    "port.free": () => nothing,
    "doctor.run": () => examination(world, scenario, now()),
    "doctor.clean": ({ items }) => cleaned(world, items),
    "report.preview": () => preview(world),
    "report.write": ({ path }) => ({ path, bytes: 48_213 }),
    "file.open": () => nothing,
    "probes.history": ({ service }) => healthHistory(world.view().services, service, world.view().run, now()),
    "alerts.list": ({ run }) => world.alerts.list(run ?? (world.runStarted === null ? null : world.run)),
    "alerts.silence": ({ service, length }) => (world.alerts.silence(service, length, world.run, now()), nothing),
    "logs.query": ({ query }) => world.logs.query(query),
    "logs.histogram": (request) => world.logs.histogram(request),
    "logs.context": (request) => world.logs.context(request),
    "logs.export": ({ path }) => ({ records: 0, bytes: 0, path }),
    "logs.patterns": () => ({ new: [], vanished: [], complete: true }),
    "traces.list": ({ query }) => world.traces.list(query),
    "traces.get": ({ trace_id }) => world.traces.get(trace_id),
    "traces.map": () => world.traces.map(),
    "telemetry.status": () => world.traces.status(),
    "telemetry.export": ({ path }) => ({ counts: world.traces.status().received, bytes: 9_412_608, path }),
    "telemetry.import": ({ path }) => ({ run: world.history[importRun(world, path)]!.id, counts: world.traces.status().received, rejected: { spans: 0, points: 0, logs: 0 } }),
    "telemetry.forward": ({ address, headers }) => ((world.traces.forward = address), (world.traces.forwardHeaders = headers.map((line) => line.split(":")[0]!.trim())), nothing),
    "metrics.list": () => metricList(world),
    "metrics.query": (request) => metricFrames(world, request),
    "metrics.pins": () => structuredClone(pins),
    "metrics.pin": ({ charts }) => ((pins = structuredClone(charts)), nothing),
    "runs.list": ({ limit }) => {
      if (scenario === "empty" || scenario === "stopped") return [];
      const current = { ...world.history[0]!, id: world.run, started: world.runStarted ?? now(), ended: null, result: "running" as const, restarts: world.view().metrics.restarts, time_to_ready: 12_840, git_dirty: true };
      return [...(world.runStarted === null ? [] : [current]), ...world.history].slice(0, limit);
    },
    "runs.annotate": ({ run, annotation }) => {
      const index = Math.max(0, world.history.findIndex(({ id }) => id === run));
      // A new object, as every answer of the real engine is.
      world.history[index] = { ...world.history[index]!, annotation };
      return { ...world.history[index] };
    },
    "runs.compare": ({ a, b }) => {
      const find = (id: string): Run => world.history.find((run) => run.id === id) ?? { ...world.history[0]!, id };
      return compareRuns(find(a), find(b), world.services);
    },
    "runs.export": ({ run, path }) => ({ run: world.history.find(({ id }) => id === run) ?? { ...world.history[0]!, id: run }, counts: world.traces.status().received, bytes: 2_204_113, path, masked: ["JWT_SECRET", "POSTGRES_PASSWORD"] }),
    "runs.import": () => ({ run: importWhole(world, now()), counts: world.traces.status().received }),
    "scenarios.list": () => scenarios.list(),
    "scenario.run": (request) => scenarios.begin(request.scenario, world.run, now()),
    "scenario.cancel": () => (scenarios.cancel(now()), nothing),
    "scenario.history": (request) => scenarios.history(request.scenario),
    "runtime.list": () => runtimes(),
    "runtime.choose": () => nothing,
    "updates.status": () => ({ address: "https://example.com/benchtop/newest.json", automatic: world.updates }),
    "updates.automatic": ({ on }) => ((world.updates = on), nothing),
    "updates.check": () => ({ running: "0.1.0", newer: { version: "0.2.0", page: "https://example.com/benchtop/0.2.0" } }),
    "runs.show": ({ run }) => {
      const past = world.history.find((candidate) => candidate.id === run);
      if (past) return pastDetails(past, world.services);
      if (run !== world.run) throw { code: "not_found", message: "There is no such run", hint: null, problems: [] } satisfies ApiError;
      const current = { ...world.history[0]!, id: world.run, started: world.runStarted ?? now(), ended: null, result: "running" as const, time_to_ready: 12_840 };
      return structuredClone({
        run: current,
        instances: world.services.flatMap((service) => service.instances).toSorted((one, other) => one.started - other.started),
        transitions: world.services.flatMap((service) => service.transitions).toSorted((one, other) => one.at - other.at),
      });
    },
  };
}

/** Adds the run that a file became to the past ones; gives its place. */
function importRun(world: World, path: string): number {
  const last = world.history.at(-1)!;
  const label = `imported: ${path.split("/").at(-1)}`;
  return world.history.push({ ...last, id: `${last.id}-i${world.history.length}`, annotation: { ...last.annotation, label } }) - 1;
}

/** Adds a run of a colleague to the past ones. */
function importWhole(world: World, now: number): Run {
  const last = world.history[1]!;
  const run = { ...last, id: `${last.id}W${world.history.length}`, imported: now, annotation: { ...last.annotation, label: "works on my machine", pinned: true } };
  world.history.push(run);
  return run;
}

function runtimes(): RuntimeChoice[] {
  const absent = { name: null, api: null, rootless: false, chosen: false };
  return [
    { address: "unix:///var/run/docker.sock", kind: "docker", name: "Docker 28.2.2", api: "1.50", rootless: false, source: "default socket", state: "ready", problem: null, hint: null, chosen: true },
    { ...absent, address: "unix:///run/user/1000/podman/podman.sock", kind: "unknown", rootless: true, source: "rootless Podman", state: "not_running", problem: "the container runtime is not running (unix:///run/user/1000/podman/podman.sock does not answer)", hint: "start it: `systemctl --user start podman.socket`" },
    { ...absent, address: "unix:///run/podman/podman.sock", kind: "unknown", source: "Podman", state: "no_permission", problem: "no permission to use the container runtime at unix:///run/podman/podman.sock", hint: "use Podman's socket of your own user: `systemctl --user start podman.socket`" },
  ];
}

function changeOf(service: string, index: number): ServiceChange {
  const fields: FieldChange[] = index === 0
    ? [{ path: "environment.LOG_LEVEL", from: "info", to: "debug" }, { path: "environment.JWT_SECRET", from: "••••••••", to: "••••••••" }, { path: "endpoints.http", from: "5001", to: "5101" }]
    : [{ path: "process", from: "go run ./cmd/catalog", to: "go run -race ./cmd/catalog" }, { path: "watch", from: null, to: "cmd/**/*.go" }];
  return { service, kind: "changed", action: "restart", fields };
}

function variables(service: string): Variable[] {
  const injected = (key: string, value: string): Variable => ({ key, value, secret: false, injected: true });
  return [
    { key: "ASPNETCORE_ENVIRONMENT", value: "Development", secret: false, injected: false },
    { key: "LOG_LEVEL", value: "debug", secret: false, injected: false },
    { key: "POSTGRES_PASSWORD", value: "••••••••", secret: true, injected: false },
    { key: "PATH", value: "/home/dev/.cargo/bin:/home/dev/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", secret: false, injected: false },
    { key: "ConnectionStrings__postgres", value: "••••••••", secret: true, injected: true },
    injected("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317"),
    injected("OTEL_SERVICE_NAME", service),
    injected("services__postgres__tcp__0", "tcp://localhost:5432"),
    injected("POSTGRES_HOST", "localhost"),
    injected("POSTGRES_PORT", "5432"),
  ];
}
