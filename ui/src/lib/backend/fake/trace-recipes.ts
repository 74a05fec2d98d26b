// Simulated requests through the shop, span by span; the same number always makes the
// same trace.
import type { Span, SpanKind, Trace, TraceFinding } from "../../bindings";
import { pick, seeded, type Random } from "./random";
import { hex } from "./service";

const MS = 1e6;
type Part = Partial<Pick<Span, "message" | "orphan" | "duplicate" | "scope">> & { attributes?: Record<string, unknown>; events?: Span["events"]; links?: Span["links"]; error?: boolean };
type Body = (work: Work) => void;

/** Traces of a size that only tests ask for. */
export const BIG = "b1600000000000000000000000000010";
export const HUGE = "b1600000000000000000000000000100";
/** One with everything that can be wrong. */
export const ODD = "0dd00000000000000000000000000001";

/** Writes spans in display order, time moving with what is done. */
export class Work {
  readonly spans: Span[] = [];
  readonly random: Random;
  readonly #id: string;
  readonly #prefix: string;
  readonly #services: string[] = [];
  at = 0;
  #depth = 0;
  #parent: string | null = null;
  /** The service that works at present. */
  service = "";

  constructor(id: string, seed: number) {
    this.#id = id;
    this.#prefix = hex(id, 8);
    this.random = seeded(seed);
  }

  pass(millis: number): void {
    this.at += millis * MS * (0.6 + this.random() * 0.8);
  }

  span(service: string, kind: SpanKind, name: string, part: Part, body: Body): Span {
    const { attributes = {}, events = [], links = [], error = false, ...rest } = part;
    if (!this.#services.includes(service)) this.#services.push(service);
    const span: Span = {
      id: this.#prefix + this.spans.length.toString(16).padStart(8, "0"), parent: this.#parent, service, name, kind, start_ns: Math.round(this.at), duration_ns: 0, status: error ? "error" : "unset",
      message: null, attributes: Object.entries(attributes), events, links, scope: kind === "internal" ? null : SCOPES[kind], resource: this.#services.indexOf(service),
      dropped: { attributes: 0, events: 0, links: 0 }, depth: this.#depth, self_ns: 0, critical: false, orphan: false, duplicate: 0, ...rest,
    };
    this.spans.push(span);
    const [outer, before] = [this.#parent, this.service];
    [this.#parent, this.#depth, this.service] = [span.id, this.#depth + 1, service];
    const first = this.spans.length;
    body(this);
    [this.#parent, this.#depth, this.service] = [outer, this.#depth - 1, before];
    span.duration_ns = Math.max(1_000, Math.round(this.at) - span.start_ns);
    let below = 0;
    for (let index = first; index < this.spans.length; index++) if (this.spans[index]?.parent === span.id) below += this.spans[index]?.duration_ns ?? 0;
    span.self_ns = Math.max(0, span.duration_ns - below);
    return span;
  }

  finish(start: number, findings: TraceFinding[] = []): Trace {
    markCritical(this.spans);
    const end = Math.max(...this.spans.slice(0, 200).map(({ start_ns, duration_ns }) => start_ns + duration_ns));
    const resources = this.#services.map((service) => ({ service, attributes: [["service.name", service], ["service.instance.id", `${service}-1`], ["telemetry.sdk.language", service === "web" ? "nodejs" : "dotnet"], ["host.name", "workstation"]] as [string, unknown][] }));
    return { trace_id: this.#id, start, duration_ns: end, resources, spans: this.spans, truncated: null, findings };
  }
}

const SCOPES: Record<SpanKind, string> = { server: "Microsoft.AspNetCore", client: "System.Net.Http", producer: "Confluent.Kafka", consumer: "Confluent.Kafka", internal: "", unspecified: "" };

/** From the root down, always the child that ended last. */
function markCritical(spans: readonly Span[]): void {
  let at = spans[0];
  while (at) {
    at.critical = true;
    const { id } = at;
    at = spans.filter(({ parent }) => parent === id).toSorted((one, other) => other.start_ns + other.duration_ns - one.start_ns - one.duration_ns)[0];
  }
}

const query = (work: Work, system: string, statement: string, millis: number, error = false): Span =>
  work.span(work.service, "client", statement.split(" ").slice(0, 2).join(" "), { error, message: error ? "canceling statement due to statement timeout" : null, attributes: { "db.system": system === "postgres" ? "postgresql" : system, "db.statement": statement, "server.address": "localhost" } }, (inner) => inner.pass(millis));

const server = (work: Work, service: string, method: string, route: string, part: Part, body: Body): Span =>
  work.span(service, "server", `${method} ${route}`, { ...part, attributes: { "http.request.method": method, "http.route": route, "http.response.status_code": part.error ? 500 : 200, "url.scheme": "http", "network.protocol.version": "1.1", ...part.attributes } }, body);

const call = (work: Work, from: string, to: string, method: string, route: string, part: Part, body: Body): Span =>
  work.span(from, "client", method, { attributes: { "http.request.method": method, "url.full": `http://localhost:500${to.length % 9}${route}`, "http.response.status_code": part.error ? 500 : 200, "server.address": to }, error: part.error ?? false }, (inner) => {
    inner.pass(0.4);
    server(inner, to, method, route, part, body);
    inner.pass(0.3);
  });

const verify = (work: Work, from: string): void => void call(work, from, "auth-service", "POST", "/token/verify", {}, (inner) => {
  query(inner, "redis", `GET session:${Math.floor(inner.random() * 9_000)}`, 0.5);
  inner.pass(1);
});

const RECIPES: { route: string; weight: number; make: (work: Work, failing: boolean) => void }[] = [
  { route: "GET /api/orders/{id}", weight: 5, make: (work, failing) => void server(work, "web", "GET", "/api/orders/{id}", { error: failing }, () => {
    work.pass(1);
    verify(work, "web");
    call(work, "web", "order-service", "GET", "/orders/{id}", { error: failing, message: failing ? "Npgsql.NpgsqlException: Failed to connect to 127.0.0.1:5432" : null, events: failing ? [exception(work.at + 2 * MS)] : [] }, () => {
      query(work, "postgres", "SELECT id, total, state FROM orders WHERE id = $1", failing ? 90 : 4, failing);
      for (let count = 0; count < 3 && !failing; count++) query(work, "postgres", "SELECT sku, amount FROM order_lines WHERE order_id = $1", 2);
      work.pass(2);
    });
    work.pass(2);
  }) },
  { route: "POST /api/checkout", weight: 3, make: (work, failing) => void server(work, "web", "POST", "/api/checkout", { error: failing, attributes: { "user.id": Math.floor(work.random() * 500), "cart.items": 3 } }, () => {
    verify(work, "web");
    call(work, "web", "order-service", "POST", "/orders", {}, () => {
      query(work, "postgres", "INSERT INTO orders (customer_id, total) VALUES ($1, $2) RETURNING id", 8);
      work.span("order-service", "producer", "orders publish", { attributes: { "messaging.system": "kafka", "messaging.destination.name": "orders", "messaging.kafka.partition": 2 } }, () => {
        work.pass(3);
        work.span("payment-service", "consumer", "orders process", { error: failing, attributes: { "messaging.system": "kafka", "messaging.destination.name": "orders", "messaging.kafka.offset": 88_120 }, links: [{ trace_id: hex("linked", 32), span_id: hex("linked", 16), attributes: [["reason", "batch"]] }] }, () => {
          call(work, "payment-service", "payment-provider", "POST", "/v1/charges", { error: failing, message: failing ? "402 card declined" : null }, () => work.pass(failing ? 140 : 60));
          work.pass(2);
        });
      });
    });
    work.pass(3);
  }) },
  { route: "GET /api/catalog", weight: 6, make: (work) => void server(work, "web", "GET", "/api/catalog", {}, () => {
    call(work, "web", "catalog", "GET", "/products", {}, () => {
      work.span("catalog", "client", "search products", { attributes: { "db.system": "elasticsearch", "db.operation": "search" } }, () => work.pass(work.random() < 0.1 ? 160 : 18));
      for (let count = 0; count < 2; count++) query(work, "postgres", "SELECT price FROM prices WHERE sku = ANY($1)", 3);
    });
    call(work, "web", "recommendations", "GET", "/recommend/{user}", {}, () => { query(work, "redis", "GET model:segment:12", 0.4); work.span("recommendations", "internal", "rank", { attributes: { "model.version": "2026.11" } }, () => work.pass(12)); });
  }) },
];

function exception(at: number): Span["events"][number] {
  return { name: "exception", at_ns: at, attributes: [["exception.type", "Npgsql.NpgsqlException"], ["exception.message", "Failed to connect to 127.0.0.1:5432"], ["exception.stacktrace", "   at Npgsql.Internal.NpgsqlConnector.Connect(NpgsqlTimeout timeout)\n   at Shop.Orders.Handler.Load(Guid id) in /src/Orders/Handler.cs:line 42"]] };
}

/** The trace of a number; `failing` makes most of them fail. */
export function ordinaryTrace(id: string, seed: number, start: number, failing: boolean): Trace {
  const work = new Work(id, seed);
  const recipe = pick(work.random, RECIPES.flatMap((entry) => Array.from({ length: entry.weight }, () => entry)));
  recipe.make(work, work.random() < (failing ? 0.4 : 0.05));
  return work.finish(start);
}

/** As many spans as asked for, thirty to a request. */
export function largeTrace(id: string, start: number, count: number): Trace {
  const work = new Work(id, 5);
  work.span("migrations", "internal", "import catalogue", {}, () => {
    for (let batch = 0; work.spans.length < count; batch++) {
      work.span("catalog", "internal", `batch ${batch}`, { attributes: { batch } }, () => {
        for (let item = 0; item < 9 && work.spans.length < count - 2; item++)
          server(work, "catalog", "PUT", "/products/{sku}", { error: (batch * 9 + item) % 997 === 500, attributes: { sku: `SKU-${batch}-${item}` } }, () => {
            query(work, "postgres", "INSERT INTO products (sku, name) VALUES ($1, $2)", 0.8);
            query(work, "redis", "DEL product:cache", 0.1);
          });
      });
    }
  });
  return work.finish(start);
}

/** A trace with an orphan, a duplicate and clocks that disagree. */
export function oddTrace(start: number): Trace {
  const work = new Work(ODD, 9);
  server(work, "web", "GET", "/api/cart", {}, () => {
    verify(work, "web");
    const skewed = call(work, "web", "order-service", "GET", "/cart", { duplicate: 1 }, () => query(work, "postgres", "SELECT * FROM cart WHERE user_id = $1", 5));
    skewed.dropped = { attributes: 3, events: 1, links: 0 };
    work.pass(4);
  });
  work.span("recommendations", "server", "GET /recommend/{user}", { orphan: true, attributes: { "http.route": "/recommend/{user}" } }, () => work.pass(9));
  const server_span = work.spans.find(({ service, kind }) => service === "order-service" && kind === "server");
  if (server_span) server_span.start_ns -= 6 * MS;
  const orphan = work.spans.find((span) => span.orphan);
  if (orphan) orphan.parent = "feedfacefeedface";
  return work.finish(start, [
    { kind: "orphan", span: orphan?.id ?? null, text: "The parent feedfacefeedface of “GET /recommend/{user}” has not arrived" },
    { kind: "duplicate", span: server_span?.id ?? null, text: "The span “GET /cart” came twice; the first is shown" },
    { kind: "clock_skew", span: server_span?.id ?? null, text: "“GET /cart” of order-service begins 5.6 ms before its caller: the clocks differ" },
  ]);
}
