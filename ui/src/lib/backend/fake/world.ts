// The simulated environment: time passes, services come up in order, die, and
// are restarted.
import type { Environment, EnvironmentView, Problem, RuntimeView, Status } from "../../bindings";
import { FakeAlerts } from "./alerts";
import { FakeLogStore } from "./log-store";
import { ordinaryLine, troubleLine } from "./log-lines";
import { pick, seeded } from "./random";
import { pastRuns } from "./runs";
import { answer, FakeService } from "./service";
import type { ServiceDefinition } from "./services";
import { FakeTraces } from "./traces";

/** Services whose lines name the trace that they belong to. */
const TRACED = new Set(["web", "order-service", "auth-service", "payment-service"]);
const ORDER: readonly Status[] = ["Stopped", "Healthy", "Starting", "Degraded", "Unhealthy"];

export class World {
  readonly random = seeded(42);
  readonly logs = new FakeLogStore();
  readonly services: FakeService[];
  readonly environment: Environment;
  readonly history;
  run = "01JDCURRENT00000";
  runStarted: number | null = null;
  runtime: RuntimeView;
  problems: Problem[] = [];
  changed: string[] = [];
  /** What was sent; nothing until the scenario says so. */
  traces: FakeTraces;
  linesPerSecond = 6;
  /** Whether the window asks for newer releases when it opens. */
  updates = false;
  /** The service whose next build fails. */
  failingBuild: string | null = null;
  /** Time runs so much faster while things start. */
  pace = 1;
  readonly alerts = new FakeAlerts();
  #owedLines = 0;

  constructor(definitions: ServiceDefinition[], now: number, name = "shop") {
    this.services = definitions.map((definition) => new FakeService(definition, now));
    const dir = `/home/dev/projects/${name}`;
    this.environment = { id: dir, name, project_dir: dir, file: `${dir}/benchtop.yaml`, open: true, sample: false, status: "Stopped", last_opened: now };
    this.history = pastRuns(dir, name, dir, now);
    this.traces = new FakeTraces(now, definitions, true, false);
    this.runtime = { available: true, name: "Docker 28.0.1", problem: null, hint: null, since: now - 7_200_000 };
    for (const service of this.services)
      if (service.view.kind === "external") this.#healthy(service, now, "answers");
  }

  find(name: string): FakeService {
    const service = this.services.find((candidate) => candidate.view.name === name);
    if (!service) throw { code: "not_found", message: `There is no service “${name}”`, hint: null, problems: [] };
    return service;
  }

  /** Everything has been up for this long. */
  settleAll(now: number, age: number): void {
    this.runStarted = now - age;
    this.services.forEach((service, index) => {
      if (service.view.kind === "external") return;
      const started = now - age + index * 700;
      service.launch(this.run, started);
      service.enter(this.run, started, "Starting", "Unknown", "Starting", "conditions hold");
      if (service.view.name === "migrations") return this.#complete(service, started + 4_000);
      this.#healthy(service, started + 2_000 + (index % 5) * 900, "all probes pass");
      for (const probe of service.view.probes) answer(probe, "pass", now - ((index * 1_700) % 26_000), 700 + index * 430);
      for (let step = 0; step < 12; step++) service.breathe(this.random, now - step * 2_000);
    });
  }

  up(now: number): void {
    this.runStarted ??= now;
    this.changed = [];
    for (const { view } of this.services) view.changed = false;
    for (const service of this.services)
      if (service.view.lifecycle === "Stopped" || service.view.lifecycle === "Failed") this.start(service.view.name, now);
  }

  /** What changed is restarted; the rest stays. */
  apply(now: number): void {
    const names = this.changed;
    this.changed = [];
    for (const name of names) {
      this.find(name).view.changed = false;
      this.restart(name, now);
    }
  }

  down(now: number): void {
    for (const service of this.services) if (service.view.lifecycle !== "Stopped") this.stop(service.view.name, now);
    this.runStarted = null;
  }

  start(name: string, now: number): void {
    const service = this.find(name);
    if (service.view.kind === "external") return;
    this.runStarted ??= now;
    service.enter(this.run, now, "Waiting", "Unknown", "Starting", "asked to start");
    service.next = { at: now, run: () => this.#proceed(service) };
  }

  stop(name: string, now: number): void {
    const service = this.find(name);
    if (service.view.kind === "external" || service.view.lifecycle === "Stopped") return;
    service.enter(this.run, now, "Stopping", "Unknown", "Stopped", "asked to stop");
    service.view.reason = null;
    service.view.progress = "SIGTERM sent";
    this.#after(service, 600, (at) => this.#stopped(service, at));
  }

  restart(name: string, now: number): void {
    const service = this.find(name);
    if (service.view.started === null) return this.start(name, now);
    service.enter(this.run, now, "Stopping", "Unknown", "Stopped", "asked to restart");
    service.view.progress = "SIGTERM sent";
    this.#after(service, 500, (at) => {
      this.#stopped(service, at);
      this.start(name, at);
    });
  }

  /** Stops, builds, starts; the next build fails where asked. */
  rebuild(name: string, now: number): void {
    const service = this.find(name);
    service.end(now, 143);
    service.enter(this.run, now, "Building", "Unknown", "Starting", "asked to rebuild");
    service.view.build = { started: now, ended: null, ok: null, text: null };
    service.view.progress = service.view.source.startsWith("npm") ? "npm run build" : `dotnet build src/${name}`;
    for (const line of ["Determining projects to restore...", "All projects are up-to-date for restore."]) this.note(name, line, now);
    this.#after(service, 1_600, (at) => this.#built(service, at));
  }

  cancel(name: string, now: number): void {
    const service = this.find(name);
    const { build } = service.view;
    if (service.view.lifecycle === "Building" && build) Object.assign(build, { ended: now, text: "called off" });
    service.view.pull = null;
    service.next = null;
    this.#stopped(service, now);
  }

  #built(service: FakeService, now: number): void {
    const { view } = service;
    const fails = this.failingBuild === view.name;
    if (fails) this.failingBuild = null;
    const text = fails ? "src/Orders/Handler.cs(42,17): error CS0103: The name 'ordr' does not exist in the current context\nBuild FAILED.\n    0 Warning(s)\n    1 Error(s)" : "Build succeeded.\n    0 Warning(s)\n    0 Error(s)";
    this.note(view.name, text.split("\n")[0] ?? "", now, fails ? "error" : "info");
    view.build = { started: view.build?.started ?? now, ended: now, ok: !fails, text };
    view.progress = null;
    if (!fails) return this.start(view.name, now);
    service.enter(this.run, now, "Failed", "Unknown", "Unhealthy", "the build failed");
    view.reason = "The build failed with exit code 1";
  }

  probe(name: string, now: number): void {
    for (const probe of this.find(name).view.probes)
      answer(probe, probe.verdict ?? "pass", now, 500 + this.random() * 4_000, probe.text ?? undefined);
  }

  /** Time has come to `now`: due steps happen, statistics move, lines are written. */
  tick(now: number, elapsed: number): void {
    for (const service of this.services) {
      const { next } = service;
      if (next && next.at <= now) {
        service.next = null;
        next.run();
      }
      service.breathe(this.random, now);
    }
    this.#owedLines += (this.linesPerSecond * elapsed) / 1_000;
    for (; this.#owedLines >= 1; this.#owedLines -= 1) this.writeLine(now);
  }

  writeLine(now: number): void {
    const running = this.services.filter(({ view }) => view.started !== null && view.kind !== "external");
    if (running.length === 0) return;
    const { view } = pick(this.random, running);
    const line = view.health === "Degraded" || this.random() < 0.012 ? troubleLine(this.random) : ordinaryLine(view.name, this.random);
    const near = TRACED.has(view.name) ? this.traces.near(view.name, now) : null;
    this.logs.append({ time: now, service: view.name, generation: view.generation, stream: line.stderr ? "stderr" : "stdout", severity: line.level, body: line.body, attributes: line.attributes ?? {}, ...near });
  }

  note(service: string, body: string, now: number, severity: "info" | "warn" | "error" = "info"): void {
    this.logs.append({ time: now, service, generation: this.find(service).view.generation, stream: "benchtop", severity, body, attributes: {} });
  }

  view(): EnvironmentView {
    const views = this.services.map(({ view }) => view);
    const count = (status: Status): number => views.filter((view) => view.status === status).length;
    const sum = (value: (view: (typeof views)[number]) => number | null): number => views.reduce((total, view) => total + (value(view) ?? 0), 0);
    const status = views.reduce<Status>((worst, view) => (ORDER.indexOf(view.status) > ORDER.indexOf(worst) ? view.status : worst), "Stopped");
    this.environment.status = status;
    return structuredClone({
      status,
      metrics: {
        services: views.length, healthy: count("Healthy"), degraded: count("Degraded"), unhealthy: count("Unhealthy"), starting: count("Starting"), stopped: count("Stopped"),
        restarts: sum((view) => view.restarts), cpu: sum((view) => view.cpu), memory: sum((view) => view.memory),
      },
      services: views,
      id: this.environment.id, name: this.environment.name, project_dir: this.environment.project_dir, file: this.environment.file,
      alerts: this.alerts.heard,
      run: this.runStarted === null ? null : this.run, run_started: this.runStarted,
      runtime: this.runtime, idle: this.runStarted === null && !views.some((view) => view.lifecycle === "Failed"), settled: !views.some((view) => view.status === "Starting"), problems: this.problems, changed: this.changed, watching: false,
    });
  }

  /** A running service breaks: it is marked and, where asked, tried again. */
  degrade(name: string, now: number, cause: string): void {
    const service = this.find(name);
    service.enter(this.run, now, "Running", "Degraded", "Degraded", cause);
    service.view.reason = cause;
    for (const probe of service.view.probes)
      if (probe.role === "ready") for (let failure = 0; failure < 4; failure++) answer(probe, "fail", now - 2_000, 4_120, "503 Service Unavailable");
  }

  crash(name: string, now: number, code: number, cause: string, restartIn: number | null): void {
    const service = this.find(name);
    service.end(now, code);
    service.enter(this.run, now, restartIn === null ? "Failed" : "Backoff", "Unknown", "Unhealthy", cause);
    service.view.reason = cause;
    service.view.next_start = restartIn === null ? null : now + restartIn;
    for (const probe of service.view.probes) answer(probe, "fail", now, 210, "connection refused on 127.0.0.1 and ::1");
    this.note(name, `Ended with exit code ${code}: ${cause}`, now, "error");
    if (restartIn !== null)
      this.#after(service, restartIn, (at) => {
        service.view.restarts += 1;
        this.start(name, at);
      });
  }

  #proceed(service: FakeService): void {
    const { view } = service;
    const now = Date.now();
    const missing = view.depends_on.filter((name) => this.find(name).view.status !== "Healthy");
    if (missing.length) {
      view.reason = `Waits for ${missing.join(", ")}`;
      this.#after(service, 150, () => this.#proceed(service));
      return;
    }
    service.launch(this.run, now);
    view.reason = null;
    view.next_start = null;
    service.enter(this.run, now, "Starting", "Unknown", "Starting", "conditions hold");
    view.progress = view.kind === "container" ? `pulling ${view.source}, 43 %` : `process ${view.pid}`;
    this.note(view.name, `Started generation ${view.generation}`, now);
    this.#after(service, 900 + this.random() * 2_200, (at) => {
      view.progress = null;
      if (view.name === "migrations") this.#complete(service, at);
      else this.#healthy(service, at, "all probes pass");
    });
  }

  #healthy(service: FakeService, now: number, cause: string): void {
    service.ready(now);
    service.view.reason = null;
    service.enter(this.run, now, "Running", "Healthy", "Healthy", cause);
  }

  #complete(service: FakeService, now: number): void {
    service.ready(now);
    service.end(now, 0);
    service.enter(this.run, now, "Completed", "Unknown", "Stopped", "ended with exit code 0");
  }

  #stopped(service: FakeService, now: number): void {
    service.end(now, 143);
    service.view.progress = null;
    service.view.reason = null;
    service.enter(this.run, now, "Stopped", "Unknown", "Stopped", "stopped on request");
  }

  #after(service: FakeService, delay: number, run: (now: number) => void): void {
    service.next = { at: Date.now() + delay / this.pace, run: () => run(Date.now()) };
  }
}
