// The simulated store of traces: a request every second and a half, made when it is
// looked at.
import type { MapEdge, MapNode, ServiceMap, TelemetryStatus, Trace, TracePage, TraceQuery, TraceSummary } from "../../bindings";
import { findSpans } from "../../traces/search";
import { hex } from "./service";
import { BIG, HUGE, largeTrace, ODD, oddTrace, ordinaryTrace } from "./trace-recipes";

const PERIOD = 1_500;
const KEPT = 800;
const DOTS = 2_000;

export class FakeTraces {
  readonly #begin: number;
  readonly #cache = new Map<number, { trace: Trace; summary: TraceSummary }>();
  readonly #empty: boolean;
  readonly #failing: boolean;
  readonly #declared: readonly { name: string; depends_on: string[] }[];

  constructor(now: number, declared: readonly { name: string; depends_on: string[] }[], empty: boolean, failing: boolean) {
    this.#begin = now - KEPT * PERIOD;
    this.#declared = declared;
    this.#empty = empty;
    this.#failing = failing;
  }

  /** The newest trace that a service takes part in, for the lines that it writes. */
  near(service: string, at: number): { trace_id: string; span_id: string } | null {
    const number = Math.floor((at - this.#begin) / PERIOD);
    const span = number < 0 || this.#empty ? undefined : this.#at(number).trace.spans.find((candidate) => candidate.service === service);
    return span ? { trace_id: this.#at(number).trace.trace_id, span_id: span.id } : null;
  }

  list(query: TraceQuery, now = Date.now()): TracePage {
    const all = this.#empty ? [] : this.#numbers(now).map((number) => this.#at(number));
    const found = all.filter((entry) => fits(entry, query)).map(({ summary }) => summary);
    const ordered = query.order === "slowest" ? found.toSorted((one, other) => other.duration_ns - one.duration_ns) : found;
    const skip = Number(query.before ?? 0);
    const traces = ordered.slice(skip, skip + query.limit);
    const durations = found.map(({ duration_ns }) => duration_ns).toSorted((one, other) => one - other);
    const at = (share: number): number => durations[Math.min(durations.length - 1, Math.floor(durations.length * share))] ?? 0;
    return {
      traces, next: skip + query.limit < ordered.length ? String(skip + query.limit) : null, matched: found.length, errors: found.filter(({ errors }) => errors > 0).length,
      percentiles: { p50_ns: at(0.5), p90_ns: at(0.9), p99_ns: at(0.99), max_ns: durations.at(-1) ?? 0 },
      scatter: found.slice(0, DOTS).map(({ trace_id, start, duration_ns, errors }) => ({ trace_id, start, duration_ns, error: errors > 0 })), spans_dropped: 0, complete: true,
    };
  }

  get(id: string, now = Date.now()): Trace {
    if (id === BIG) return largeTrace(BIG, now - 90_000, 10_000);
    if (id === HUGE) return largeTrace(HUGE, now - 90_000, 100_000);
    if (id === ODD) return oddTrace(now - 90_000);
    for (const number of this.#empty ? [] : this.#numbers(now)) if (idOf(number) === id) return this.#at(number).trace;
    throw { code: "not_found", message: `There is no trace ${id.slice(0, 8)}… in this run`, hint: "It may have been dropped by the limits of what is kept, or belong to another run", problems: [] };
  }

  map(now = Date.now()): ServiceMap {
    const nodes = new Map<string, MapNode & { all: number[] }>();
    const edges = new Map<string, MapEdge & { all: number[] }>();
    const declared = new Set(this.#declared.map(({ name }) => name));
    const kindOf = (service: string): MapNode["kind"] => (["postgres", "redis", "elasticsearch"].includes(service) ? "database" : service === "kafka" ? "messaging" : service === "payment-provider" ? "external" : "service");
    const node = (service: string) => nodes.get(service) ?? nodes.set(service, { service, declared: declared.has(service), spans: 0, errors: 0, p50_ns: 0, p99_ns: 0, kind: kindOf(service), all: [] }).get(service)!;
    const edge = (from: string, to: string) => edges.get(`${from}>${to}`) ?? edges.set(`${from}>${to}`, { from, to, calls: 0, errors: 0, p50_ns: 0, p99_ns: 0, declared: false, observed: false, all: [] }).get(`${from}>${to}`)!;
    for (const { name, depends_on } of this.#declared) for (const other of depends_on) edge(name, other).declared = true;
    for (const number of this.#empty ? [] : this.#numbers(now).slice(0, 300)) {
      const { spans } = this.#at(number).trace;
      const byId = new Map(spans.map((span) => [span.id, span]));
      for (const span of spans) {
        note(node(span.service), span.duration_ns, span.status === "error");
        const system = span.kind === "client" ? span.attributes.find(([key]) => key === "db.system")?.[1] : undefined;
        const store = { postgresql: "postgres", redis: "redis", elasticsearch: "elasticsearch" }[String(system)];
        if (store) {
          note(node(store), span.duration_ns, span.status === "error");
          Object.assign(note(edge(span.service, store), span.duration_ns, span.status === "error"), { observed: true });
        }
        const above = span.parent === null ? undefined : byId.get(span.parent);
        if (above && above.service !== span.service) Object.assign(note(edge(above.service, span.service), span.duration_ns, span.status === "error"), { observed: true });
      }
    }
    for (const { from, to } of edges.values()) [from, to].forEach(node);
    const latency = ({ all, ...rest }: { all: number[] }) => {
      const sorted = all.toSorted((one, other) => one - other);
      return { ...rest, p50_ns: sorted[Math.floor(sorted.length / 2)] ?? 0, p99_ns: sorted[Math.floor(sorted.length * 0.99)] ?? 0 };
    };
    return { nodes: [...nodes.values()].map(latency) as MapNode[], edges: [...edges.values()].map(latency) as MapEdge[], complete: true };
  }

  /** Where everything is sent on to. */
  forward: string | null = null;
  forwardHeaders: string[] = [];

  status(): TelemetryStatus {
    const count = this.#empty ? 0 : 48_210;
    const forward = this.forward === null ? null : { address: this.forward, headers: this.forwardHeaders, sent: 1_204, dropped: 0, waiting: 2, failing: this.forward.endsWith(":1"), problem: this.forward.endsWith(":1") ? "it is not reached: connection refused" : null };
    return { endpoints: [{ protocol: "grpc", address: "http://localhost:4317" }, { protocol: "http", address: "http://localhost:4318" }], key: "••••••••", received: { spans: count, points: count * 3, logs: 0 }, rejected: { spans: 0, points: 0, logs: 0 }, dropped: { spans: 0, points: 0, logs: 0 }, forward, problem: null };
  }

  #numbers(now: number): number[] {
    const last = Math.floor((now - this.#begin) / PERIOD);
    return Array.from({ length: Math.min(last + 1, KEPT) }, (_, index) => last - index);
  }

  #at(number: number): { trace: Trace; summary: TraceSummary } {
    let entry = this.#cache.get(number);
    if (!entry) {
      const trace = ordinaryTrace(idOf(number), number * 7 + 3, this.#begin + number * PERIOD + ((number * 397) % 900), this.#failing && number > KEPT - 200);
      entry = { trace, summary: summaryOf(trace) };
      this.#cache.set(number, entry);
      if (this.#cache.size > KEPT * 2) this.#cache.delete(this.#cache.keys().next().value as number);
    }
    return entry;
  }
}

function idOf(number: number): string {
  return hex(`trace${number}`, 32);
}

function note<T extends { errors: number; all: number[] } & ({ spans: number } | { calls: number })>(entry: T, duration: number, error: boolean): T {
  if ("spans" in entry) entry.spans += 1;
  else entry.calls += 1;
  if (error) entry.errors += 1;
  entry.all.push(duration);
  return entry;
}

function summaryOf({ trace_id, start, duration_ns, spans }: Trace): TraceSummary {
  const root = spans[0];
  const counts = new Map<string, number>();
  for (const { service } of spans) counts.set(service, (counts.get(service) ?? 0) + 1);
  const value = (key: string): unknown => root?.attributes.find(([name]) => name === key)?.[1];
  return {
    trace_id, name: root?.name ?? "", service: root?.service ?? "", route: (value("http.route") as string | undefined) ?? null, start, duration_ns, spans: spans.length, errors: spans.filter(({ status }) => status === "error").length,
    services: [...counts].map(([service, count]) => ({ service, spans: count })), root_missing: false, status_code: (value("http.response.status_code") as number | undefined) ?? null,
  };
}

function fits({ trace, summary }: { trace: Trace; summary: TraceSummary }, query: TraceQuery): boolean {
  const { start, duration_ns, errors, services } = summary;
  if (query.errors_only && errors === 0) return false;
  if (query.services.length > 0 && !services.some(({ service }) => query.services.includes(service))) return false;
  if (start < (query.since ?? -Infinity) || start >= (query.until ?? Infinity)) return false;
  if (duration_ns < (query.min_ns ?? 0) || duration_ns > (query.max_ns ?? Infinity)) return false;
  if (!query.text?.trim()) return true;
  const { places, error } = findSpans(trace.spans, query.text);
  if (error) throw { code: "invalid", message: error.message, hint: error.hint, problems: [] };
  return places.length > 0;
}
