// The traces of the simulated project: about sixty requests, one of them with ten
// thousand spans, and one of everything that can be odd about a trace.
import type { MapEdge, ServiceMap, Span, SpanKind, Trace, TraceDot, TracePage, TraceQuery, TraceSummary } from "../../bindings";
import { pick, seeded, type Random } from "./random";
import type { ServiceDefinition } from "./services";

const MS = 1_000_000;

type Step = { service: string; name: string; kind: SpanKind; attributes: [string, unknown][]; steps: Step[]; part: number };

const step = (service: string, name: string, kind: SpanKind, part: number, attributes: Record<string, unknown> = {}, steps: Step[] = []): Step =>
  ({ service, name, kind, part, steps, attributes: Object.entries(attributes) });

const query = (service: string, table: string): Step =>
  step(service, `SELECT ${table}`, "client", 0.5, { "db.system.name": "postgresql", "db.query.text": `SELECT * FROM ${table} WHERE id = $1`, "server.address": "localhost", "server.port": 5432 });
const cache = (service: string, key: string): Step =>
  step(service, "GET", "client", 0.2, { "db.system.name": "redis", "db.query.text": `GET ${key}`, "server.address": "localhost", "server.port": 6379 });
const call = (from: string, to: string, route: string, port: number, steps: Step[]): Step =>
  step(from, `GET ${route}`, "client", 0.7, { "http.request.method": "GET", "url.full": `http://localhost:${port}${route}`, "server.port": port }, [
    step(to, `GET ${route}`, "server", 0.9, { "http.request.method": "GET", "http.route": route, "http.response.status_code": 200 }, steps),
  ]);

const ROUTES: { route: string; steps: () => Step[] }[] = [
  { route: "/", steps: () => [call("web", "catalog", "/products", 5004, [query("catalog", "products"), cache("catalog", "products:top")])] },
  { route: "/products/{id}", steps: () => [call("web", "catalog", "/products/{id}", 5004, [query("catalog", "products"), query("catalog", "stock")]), call("web", "recommendations", "/similar", 5005, [cache("recommendations", "similar:42")])] },
  { route: "/login", steps: () => [call("web", "auth-service", "/token", 5001, [query("auth-service", "users"), step("auth-service", "hash password", "internal", 0.6)])] },
  { route: "/checkout", steps: () => [
    call("web", "auth-service", "/verify", 5001, [cache("auth-service", "session:8f2")]),
    call("web", "order-service", "/orders", 5002, [
      query("order-service", "orders"),
      step("order-service", "orders publish", "producer", 0.2, { "messaging.system": "kafka", "messaging.destination.name": "orders" }, [
        step("payment-service", "orders process", "consumer", 1.4, { "messaging.system": "kafka", "messaging.destination.name": "orders" }, [
          step("payment-service", "POST /charges", "client", 0.8, { "http.request.method": "POST", "server.address": "sandbox.payments.example", "server.port": 443 }),
        ]),
      ]),
    ]),
  ] },
];

const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");

class Builder {
  readonly spans: Span[] = [];
  readonly services: string[] = [];
  constructor(readonly random: Random) {}

  add(parent: Span | null, made: Omit<Step, "steps" | "part">, start_ns: number, duration_ns: number): Span {
    if (!this.services.includes(made.service)) this.services.push(made.service);
    const span: Span = {
      id: hex(this.random, 16), parent: parent?.id ?? null, service: made.service, name: made.name, kind: made.kind,
      start_ns: Math.round(start_ns), duration_ns: Math.round(duration_ns), status: "unset", message: null,
      attributes: made.attributes, events: [], links: [], scope: `${made.service}.instrumentation`, resource: this.services.indexOf(made.service),
      dropped: { attributes: 0, events: 0, links: 0 }, depth: parent ? parent.depth + 1 : 0, self_ns: Math.round(duration_ns), critical: false, orphan: false, duplicate: 0,
    };
    this.spans.push(span);
    return span;
  }

  grow(parent: Span, steps: Step[]): void {
    let at = parent.start_ns + parent.duration_ns * 0.04;
    for (const one of steps) {
      const share = (parent.duration_ns * 0.9 * one.part) / Math.max(1, steps.length);
      const span = this.add(parent, one, at, share * (0.6 + this.random() * 0.4));
      parent.self_ns = Math.max(0, parent.self_ns - span.duration_ns);
      this.grow(span, one.steps);
      at = span.start_ns + span.duration_ns * 1.03;
    }
  }

  finish(trace_id: string, start: number): Trace {
    const end = this.spans.reduce((latest, span) => Math.max(latest, span.start_ns + span.duration_ns), 0);
    const critical = new Set<string>();
    let next: Span | undefined = this.spans[0];
    while (next) {
      next.critical = true;
      critical.add(next.id);
      const of: string = next.id;
      next = this.spans.filter((span) => span.parent === of).toSorted((a, b) => b.start_ns + b.duration_ns - a.start_ns - a.duration_ns)[0];
    }
    return {
      trace_id, start, duration_ns: end, truncated: null, findings: [], spans: this.spans,
      resources: this.services.map((service) => ({ service, attributes: [["service.name", service], ["service.instance.id", `${service}-1`], ["telemetry.sdk.language", service === "web" ? "nodejs" : "dotnet"]] })),
    };
  }
}

function ordinary(random: Random, start: number): Trace {
  const { route, steps } = pick(random, ROUTES);
  const builder = new Builder(random);
  const length = (8 + random() ** 4 * 900) * MS;
  const root = builder.add(null, { service: "web", name: `GET ${route}`, kind: "server", attributes: [["http.request.method", "GET"], ["http.route", route], ["http.response.status_code", 200]] }, 0, length);
  builder.grow(root, steps());
  return builder.finish(hex(random, 32), start);
}

function fail(trace: Trace, text: string): Trace {
  const leaf = trace.spans.at(-1)!;
  let failed: Span | undefined = leaf;
  leaf.events.push({ name: "exception", at_ns: leaf.start_ns + leaf.duration_ns * 0.8, attributes: [["exception.type", "TimeoutException"], ["exception.message", text], ["exception.stacktrace", `TimeoutException: ${text}\n   at Shop.Orders.Client.Send()\n   at Shop.Orders.Handler.Run()`]] });
  while (failed) {
    failed.status = "error";
    failed.message = failed === leaf ? text : "a call failed";
    const parent: string | null = failed.parent;
    failed = trace.spans.find((span) => span.id === parent);
  }
  trace.spans[0]!.attributes = trace.spans[0]!.attributes.map(([key, value]) => (key === "http.response.status_code" ? [key, 500] : [key, value]));
  return trace;
}

function large(random: Random, start: number): Trace {
  const builder = new Builder(random);
  const root = builder.add(null, { service: "order-service", name: "nightly import", kind: "internal", attributes: [["job.name", "import"]] }, 0, 42_000 * MS);
  for (let batch = 0; builder.spans.length < 10_000; batch++) {
    const parent = builder.add(root, { service: "order-service", name: `import batch ${batch + 1}`, kind: "internal", attributes: [["batch", batch + 1]] }, batch * 420 * MS, 400 * MS);
    for (let row = 0; row < 99 && builder.spans.length < 10_000; row++)
      builder.add(parent, query("order-service", row % 3 === 0 ? "orders" : "order_lines"), batch * 420 * MS + row * 4 * MS, (1 + random() * 3) * MS);
  }
  root.self_ns = 1_900 * MS;
  const trace = builder.finish(hex(random, 32), start);
  trace.spans.filter((_, index) => index % 1_400 === 700).forEach((span) => { span.status = "error"; span.message = "duplicate key value violates unique constraint"; });
  return trace;
}

/** An orphan, an event, a link, a duplicate and a clock that is behind. */
function odd(random: Random, start: number, other: string): Trace {
  const trace = ordinary(random, start);
  const [root, second] = [trace.spans[0]!, trace.spans[1]!];
  second.links.push({ trace_id: other, span_id: hex(random, 16), attributes: [["link.reason", "retried"]] });
  second.events.push({ name: "cache miss", at_ns: second.start_ns + second.duration_ns / 3, attributes: [["key", "products:top"]] });
  second.duplicate = 1;
  const orphan: Span = { ...structuredClone(second), id: hex(random, 16), parent: hex(random, 16), orphan: true, depth: 0, critical: false, links: [], events: [], duplicate: 0, name: "recalculate stock", kind: "internal", self_ns: second.duration_ns };
  const skewed: Span = { ...structuredClone(second), id: hex(random, 16), parent: root.id, start_ns: -3 * MS, depth: 1, critical: false, links: [], events: [], duplicate: 0, name: "GET /flags", dropped: { attributes: 4, events: 1, links: 0 } };
  trace.spans.push(skewed, orphan);
  trace.findings = [
    { kind: "orphan", span: orphan.id, text: "the parent of “recalculate stock” was not received" },
    { kind: "duplicate", span: second.id, text: `one more span with the id of “${second.name}” was received and left out` },
    { kind: "clock_skew", span: skewed.id, text: "“GET /flags” begins 3 ms before its parent; its clock may be behind" },
  ];
  return trace;
}

export function makeTraces(now: number): Trace[] {
  const random = seeded(7);
  const traces = Array.from({ length: 58 }, (_, index) => ordinary(random, now - 4_000 - index * 9_700 - Math.floor(random() * 3_000)));
  [3, 11, 12, 29, 41].forEach((index) => fail(traces[index]!, "the payment provider did not answer within 2 s"));
  traces.splice(6, 0, odd(random, now - 61_000, traces[7]!.trace_id));
  traces.splice(20, 0, large(random, now - 200_000));
  return traces;
}

function summary(trace: Trace): TraceSummary {
  const root = trace.spans[0]!;
  const value = (key: string): unknown => root.attributes.find(([name]) => name === key)?.[1];
  const counts = new Map<string, number>();
  for (const span of trace.spans) counts.set(span.service, (counts.get(span.service) ?? 0) + 1);
  return {
    trace_id: trace.trace_id, name: root.name, service: root.service, route: (value("http.route") as string | undefined) ?? null, start: trace.start, duration_ns: trace.duration_ns,
    spans: trace.spans.length, errors: trace.spans.filter((span) => span.status === "error").length,
    services: [...counts].map(([service, spans]) => ({ service, spans })).toSorted((a, b) => b.spans - a.spans),
    root_missing: false, status_code: (value("http.response.status_code") as number | undefined) ?? null,
  };
}

function matches(trace: Trace, row: TraceSummary, wanted: TraceQuery): boolean {
  const words = (wanted.text ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const says = (word: string): boolean => {
    const field = /^([\w.@-]+)(>=|=)(.+)$/.exec(word);
    if (!field) return trace.spans.some((span) => span.name.toLowerCase().includes(word) || span.attributes.some(([, value]) => String(value).toLowerCase().includes(word)));
    const [, key, sign, text] = field as unknown as [string, string, string, string];
    if (key === "duration") return row.duration_ns >= parseFloat(text) * (text.endsWith("ms") ? MS : text.endsWith("us") ? 1_000 : 1_000 * MS);
    return trace.spans.some((span) => {
      const found = { status: span.status, kind: span.kind, name: span.name, service: span.service }[key] ?? span.attributes.find(([name]) => name === (key === "route" ? "http.route" : key))?.[1];
      return found !== undefined && (sign === "=" ? String(found).toLowerCase() === text : Number(found) >= Number(text));
    });
  };
  return (wanted.services.length === 0 || row.services.some(({ service }) => wanted.services.includes(service)))
    && (!wanted.errors_only || row.errors > 0)
    && row.duration_ns >= (wanted.min_ns ?? 0) && row.duration_ns <= (wanted.max_ns ?? Infinity)
    && row.start >= (wanted.since ?? -Infinity) && row.start < (wanted.until ?? Infinity)
    && words.every(says);
}

export function listTraces(traces: Trace[], wanted: TraceQuery): TracePage {
  const rows = traces.map((trace) => ({ trace, row: summary(trace) })).filter(({ trace, row }) => matches(trace, row, wanted)).map(({ row }) => row);
  rows.sort((a, b) => (wanted.order === "slowest" ? b.duration_ns - a.duration_ns : b.start - a.start));
  const lengths = rows.map((row) => row.duration_ns).toSorted((a, b) => a - b);
  const at = (part: number): number => lengths[Math.max(0, Math.ceil(lengths.length * part) - 1)] ?? 0;
  const from = wanted.before ? rows.findIndex((row) => row.trace_id === wanted.before) + 1 : 0;
  const window = rows.slice(from, from + wanted.limit);
  const dot = (row: TraceSummary): TraceDot => ({ trace_id: row.trace_id, start: row.start, duration_ns: row.duration_ns, error: row.errors > 0 });
  return {
    traces: window, next: from + wanted.limit < rows.length ? (window.at(-1)?.trace_id ?? null) : null, matched: rows.length,
    percentiles: { p50_ns: at(0.5), p90_ns: at(0.9), p99_ns: at(0.99), max_ns: lengths.at(-1) ?? 0 },
    errors: rows.filter((row) => row.errors > 0).length, scatter: rows.map(dot), spans_dropped: 0, complete: true,
  };
}

export function traceMap(traces: Trace[], definitions: Pick<ServiceDefinition, "name" | "depends_on" | "port">[]): ServiceMap {
  const declared = new Map(definitions.map((service) => [service.name, service]));
  const lengths = new Map<string, number[]>();
  const failures = new Map<string, number>();
  const count = (key: string, span: Span): void => {
    lengths.set(key, [...(lengths.get(key) ?? []), span.duration_ns]);
    if (span.status === "error") failures.set(key, (failures.get(key) ?? 0) + 1);
  };
  for (const { spans } of traces.filter((trace) => trace.spans.length < 1_000)) {
    const byId = new Map(spans.map((span) => [span.id, span]));
    const called = new Set(spans.map((span) => span.parent));
    for (const span of spans) {
      count(span.service, span);
      const parent = byId.get(span.parent ?? "");
      if (parent && parent.service !== span.service) count(`${parent.service} ${span.service}`, span);
      const port = span.attributes.find(([key]) => key === "server.port")?.[1];
      const target = span.kind === "client" && !called.has(span.id) ? definitions.find((service) => service.port === port)?.name : undefined;
      if (target) {
        count(target, span);
        count(`${span.service} ${target}`, span);
      }
    }
  }
  const numbers = (key: string): { errors: number; p50_ns: number; p99_ns: number } => {
    const sorted = (lengths.get(key) ?? []).toSorted((a, b) => a - b);
    return { errors: failures.get(key) ?? 0, p50_ns: sorted[Math.floor(sorted.length * 0.5)] ?? 0, p99_ns: sorted[Math.floor(sorted.length * 0.99)] ?? 0 };
  };
  const edges = new Map<string, MapEdge>();
  for (const key of lengths.keys()) {
    const [from, to] = key.split(" ") as [string, string | undefined];
    if (to) edges.set(key, { from, to, calls: lengths.get(key)!.length, ...numbers(key), declared: declared.get(from)?.depends_on.includes(to) ?? false, observed: true });
  }
  for (const { name, depends_on } of definitions)
    for (const to of depends_on)
      if (!edges.has(`${name} ${to}`)) edges.set(`${name} ${to}`, { from: name, to, calls: 0, ...numbers(""), declared: true, observed: false });
  const names = new Set([...declared.keys(), ...[...edges.values()].flatMap(({ from, to }) => [from, to])]);
  const kind = (name: string) => (/postgres|redis|elastic/.test(name) ? "database" as const : name === "kafka" ? "messaging" as const : name === "payment-provider" ? "external" as const : "service" as const);
  return { complete: true, edges: [...edges.values()], nodes: [...names].map((service) => ({ service, declared: declared.has(service), spans: lengths.get(service)?.length ?? 0, ...numbers(service), kind: kind(service) })) };
}
