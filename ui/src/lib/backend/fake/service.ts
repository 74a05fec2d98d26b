// One simulated service: its state and how it moves from one to the next.
import type { Instance, ProbeView, ServiceView, Status, Transition, Lifecycle, Health } from "../../bindings";
import type { Random } from "./random";
import type { ServiceDefinition } from "./services";

export class FakeService {
  readonly definition: ServiceDefinition;
  readonly view: ServiceView;
  readonly instances: Instance[] = [];
  readonly transitions: Transition[] = [];
  /** What happens next, and when. */
  next: { at: number; run: () => void } | null = null;

  constructor(definition: ServiceDefinition, now: number) {
    this.definition = definition;
    const { name, kind, group, port, scheme, source, depends_on } = definition;
    const url = scheme === "http" ? (kind === "external" ? source : `http://localhost:${port}`) : `tcp://localhost:${port}`;
    this.view = {
      name, kind, group, source, depends_on,
      status: "Stopped", lifecycle: "Stopped", health: "Unknown", reason: null, progress: null, since: now,
      generation: 0, restarts: 0, next_start: null, started: null,
      endpoints: port === null ? [] : [{ name: scheme, url, host: "localhost", port }],
      pid: null, container_id: null, exit_code: null, cpu: null, memory: null,
      probes: probesOf(definition, url), stale: false, changed: false, flapping: false, can_rebuild: /^(dotnet|npm|go) /.test(source), watching: name === "web", build: null,
    };
  }

  enter(run: string, now: number, lifecycle: Lifecycle, health: Health, status: Status, cause: string): void {
    const { view } = this;
    view.since = view.status === status ? view.since : now;
    Object.assign(view, { lifecycle, health, status });
    this.transitions.unshift({ run, service: view.name, generation: view.generation, at: now, lifecycle, health, status, cause });
    this.transitions.length = Math.min(this.transitions.length, 60);
  }

  launch(run: string, now: number): void {
    const { view } = this;
    view.generation += 1;
    view.started = now;
    view.exit_code = null;
    const identity = view.kind === "container" ? hex(view.name + view.generation, 64) : String(20_000 + ((view.generation * 731 + view.name.length * 977) % 9_000));
    if (view.kind === "container") view.container_id = identity;
    else view.pid = Number(identity);
    this.instances.unshift({ run, service: view.name, generation: view.generation, identity, definition: hex(view.name, 16), started: now, time_to_ready: null, ended: null, exit: null });
  }

  ready(now: number): void {
    const instance = this.instances[0];
    if (instance && instance.time_to_ready === null) instance.time_to_ready = now - instance.started;
    for (const probe of this.view.probes) answer(probe, "pass", now, 900 + this.view.name.length * 310);
  }

  end(now: number, code: number | null): void {
    const { view } = this;
    const instance = this.instances[0];
    if (instance && instance.ended === null) {
      instance.ended = now;
      instance.exit = { code, signal: code === 143 ? 15 : null, oom: code === 137, killed_after_grace: false };
    }
    Object.assign(view, { exit_code: code, started: null, pid: null, container_id: null, cpu: null, memory: null });
  }

  /** A breath: statistics and probes move a little. */
  breathe(random: Random, now: number): void {
    const { view, definition } = this;
    if (view.lifecycle !== "Running" || view.kind === "external") {
      if (view.kind === "external") this.#probeSometimes(random, now);
      return;
    }
    const cpu = view.cpu ?? definition.cpu;
    const peak = random() < 0.06 ? definition.cpu * 6 * random() : 0;
    view.cpu = Math.max(0.05, cpu * 0.7 + definition.cpu * (0.15 + random() * 0.3) + peak);
    const megabyte = 1_048_576;
    view.memory = Math.round((definition.memory + Math.sin(now / 9_000 + definition.cpu) * definition.memory * 0.04) * megabyte);
    this.#probeSometimes(random, now);
  }

  #probeSometimes(random: Random, now: number): void {
    if (this.view.health !== "Healthy") return;
    for (const probe of this.view.probes)
      if (random() < 0.05) answer(probe, "pass", now, 600 + random() * 5_000);
  }
}

export function answer(probe: ProbeView, verdict: "pass" | "warn" | "fail", at: number, latency: number, text?: string): void {
  probe.verdict = verdict;
  probe.at = at;
  probe.latency_us = Math.round(latency);
  probe.failures = verdict === "pass" ? 0 : probe.failures + 1;
  probe.text = text ?? (probe.kind === "http" ? "200 OK" : probe.kind === "tcp" ? "connected over IPv4" : "answered");
}

function probesOf({ probe, details, kind, port }: ServiceDefinition, url: string): ProbeView[] {
  if (!probe) return [];
  const blank = { interval: 30_000, verdict: null, text: null, latency_us: null, at: null, failures: 0 };
  const ready: ProbeView = { ...blank, role: "ready", kind: probe, target: probe === "http" ? `GET ${url}/health/ready` : `${probe} localhost:${port}`, details };
  if (kind === "external") return [{ ...ready, role: "live", target: `GET ${url}` }];
  const live: ProbeView = { ...blank, role: "live", kind: "tcp", target: `localhost:${port}`, details: {} };
  return [live, ready];
}

export function hex(text: string, length: number): string {
  let hash = 2_166_136_261;
  let result = "";
  while (result.length < length) {
    for (const char of text) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619) >>> 0;
    hash = Math.imul(hash ^ result.length, 16_777_619) >>> 0;
    result += hash.toString(16).padStart(8, "0");
  }
  return result.slice(0, length);
}
