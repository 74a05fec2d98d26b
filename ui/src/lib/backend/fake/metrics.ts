// The simulated engine's metrics: series computed from the time alone, so that a chart
// that is asked for again shows the same past.
import type { Exemplar, Heatmap, Metric, MetricFrame, MetricFrames, MetricKind, MetricList, MetricQuery, MetricsQueryRequest, MetricSource, PinnedChart, RunMark, RunMarkKind, Series } from "../../bindings";
import type { FakeService } from "./service";
import { hex } from "./service";
import type { World } from "./world";

type Row = [name: string, unit: string | null, kind: MetricKind, source: MetricSource, description: string, attributes: Record<string, string[]>];

const ROWS: Row[] = [
  ["container.cpu.usage", "{cpu}", "gauge", "container", "CPU in use, in cores", {}],
  ["container.memory.usage", "By", "gauge", "container", "Memory in use without the page cache", {}],
  ["container.network.io", "By", "sum", "container", "Bytes over the network", { "network.io.direction": ["receive", "transmit"] }],
  ["container.disk.io", "By", "sum", "container", "Bytes read and written", { "disk.io.direction": ["read", "write"] }],
  ["process.cpu.utilization", "1", "gauge", "process", "CPU of the process tree, as a share of all cores", {}],
  ["process.memory.usage", "By", "gauge", "process", "Memory of the process tree", {}],
  ["process.disk.io", "By", "sum", "process", "Bytes read and written", { "disk.io.direction": ["read", "write"] }],
  ["process.count", "{process}", "gauge", "process", "Processes of the service", {}],
  ["benchtop.probe.duration", "s", "gauge", "probe", "How long a probe took", { "probe.role": ["live", "ready"] }],
  ["benchtop.service.restarts", "{restart}", "sum", "process", "Restarts after an unexpected end", {}],
  ["traces.span.duration", "s", "histogram", "span", "Duration of spans", { "span.name": ["GET /orders", "POST /orders", "SELECT orders"], status: ["ok", "error"] }],
  ["http.server.request.duration", "s", "exponential_histogram", "otlp", "Duration of HTTP server requests", { "http.route": ["/orders", "/orders/{id}", "/health"] }],
  ["orders.placed", "{order}", "sum", "otlp", "Orders that customers have placed", { channel: ["web", "app"] }],
  ["go_gc_duration_seconds", "s", "summary", "scrape", "Pause of the garbage collector", {}],
];

const BOUNDS = [0.002, 0.004, 0.006, 0.008, 0.01, 0.05, 0.1, 0.2, 0.4, 0.8, 1, 1.4, 2, 5, 10, 15];
const MOST_SERIES = 50;
const WAVE = 90_000;

export function metricList(world: World): MetricList {
  const first = world.runStarted;
  if (first === null) return { metrics: [], dropped_series: 0, dropped_points: 0 };
  const metrics = ROWS.map((row): Metric => {
    const [name, unit, kind, source, description, attributes] = row;
    const services = servicesOf(world, row).map(({ view }) => view.name);
    const each = Object.values(attributes).reduce((count, values) => count * values.length, 1);
    const counts = kind !== "gauge" && kind !== "summary";
    return { name, unit, description, kind, source, services, monotonic: kind === "sum", temporality: counts ? (source === "span" ? "delta" : "cumulative") : null, attributes: Object.keys(attributes), series: services.length * each, first, last: Date.now() };
  });
  return { metrics: metrics.filter(({ services }) => services.length > 0), dropped_series: 0, dropped_points: 0 };
}

export function metricFrames(world: World, request: MetricsQueryRequest): MetricFrames {
  const now = Date.now();
  const began = world.runStarted ?? now;
  const to = request.until ?? now;
  const from = Math.min(request.since ?? began, to - 1);
  const step = Math.max(1, Math.ceil((to - from) / Math.max(1, Math.min(request.buckets, 2000))));
  const count = Math.ceil((to - from) / step);
  const times = Array.from({ length: count }, (_, index) => from + index * step);
  const frames = request.queries.map((query) => frameOf(world, query, times, step, began, Math.min(to, now)));
  return { from, to: from + count * step, step, frames, marks: marksOf(world, from, to) };
}

export function keptPins(): PinnedChart[] {
  const chart = (title: string, metric: string, show: MetricQuery["show"] = "value", group_by: string[] = []): PinnedChart => ({ title, query: { metric, services: [], filter: [], group_by, show } });
  return [chart("CPU of processes", "process.cpu.utilization"), chart("Memory of containers", "container.memory.usage"), chart("Orders a second", "orders.placed", "rate", ["channel"]), chart("Requests, 99 of 100", "http.server.request.duration", "p99")];
}

function servicesOf(world: World, [name, , , source]: Row): FakeService[] {
  const kinds: Partial<Record<MetricSource, string>> = { container: "container", process: "process" };
  const wanted = kinds[source];
  const own = world.services.filter(({ view }) => view.generation > 0 && view.kind !== "external");
  if (wanted) return own.filter(({ view }) => name.startsWith("benchtop") || name === "process.count" || view.kind === wanted);
  if (source === "probe") return own.filter(({ view }) => view.probes.length > 0);
  if (name === "orders.placed") return own.filter(({ view }) => view.name === "order-service");
  if (source === "scrape") return own.filter(({ view }) => view.name === "catalog");
  return own.filter(({ view }) => view.kind === "process" && view.probes.length > 0);
}

function frameOf(world: World, query: MetricQuery, times: number[], step: number, began: number, now: number): MetricFrame {
  const row = ROWS.find(([name]) => name === query.metric);
  const blank = { metric: query.metric, unit: null, series: [], heatmap: null, exemplars: [], omitted_series: 0 };
  if (!row) return blank;
  const services = servicesOf(world, row).filter(({ view }) => query.services.length === 0 || query.services.includes(view.name));
  const histogram = row[2].includes("histogram");
  const exemplars = histogram ? exemplarsOf(world, services, times, began, now) : [];
  if (query.show === "heatmap") return { ...blank, unit: row[1], exemplars, heatmap: heatmapOf(services.length, times, step, began, now) };
  const all = services.flatMap((service) => combinations(row, query).map((attributes) => seriesOf(service, row, query, attributes, times, step, began, now)));
  const size = ({ points }: Series): number => points.reduce<number>((most, point) => Math.max(most, point ?? 0), 0);
  const sorted = all.toSorted((one, other) => size(other) - size(one));
  return { ...blank, unit: unitOf(row, query.show), exemplars, series: sorted.slice(0, MOST_SERIES), omitted_series: Math.max(0, sorted.length - MOST_SERIES) };
}

function unitOf([, unit, kind]: Row, show: MetricQuery["show"]): string | null {
  if (show === "count") return "{count}";
  if (show === "rate") return `${kind === "histogram" || kind === "exponential_histogram" || kind === "summary" ? "{count}" : (unit ?? "1")}/s`;
  return unit;
}

function combinations([, , , , , attributes]: Row, query: MetricQuery): [string, string][][] {
  let found: [string, string][][] = [[]];
  for (const [key, values] of Object.entries(attributes)) {
    const wanted = query.filter.find((filter) => filter.key === key)?.value;
    const kept = wanted === undefined ? values : values.filter((value) => value === wanted);
    if (kept.length === 0) return [];
    if (query.group_by.includes(key)) found = found.flatMap((one) => kept.map((value): [string, string][] => [...one, [key, value]]));
  }
  return found;
}

function seriesOf(service: FakeService, row: Row, query: MetricQuery, attributes: [string, string][], times: number[], step: number, began: number, now: number): Series {
  const seed = seedOf(row[0] + service.view.name + attributes.join());
  const alive = aliveAt(service, began, now);
  const level = levelOf(service, row, query.show) * (attributes.length > 0 ? 0.35 + 0.65 * ((seed % 100) / 100) : 1);
  const counting = row[2] === "sum" && query.show === "value";
  const value = (at: number): number | null => {
    if (!alive(at)) return null;
    if (row[0] === "benchtop.service.restarts") return query.show === "value" ? service.view.restarts : 0;
    if (row[0] === "process.count") return 1 + (seed % 4);
    const scale = query.show === "delta" || query.show === "count" ? step / 1000 : 1;
    return counting ? (level * (at - began)) / 1000 : level * wave(seed, at) * scale;
  };
  const points = times.map(value);
  const envelope = row[2] === "gauge" && step > 4000;
  const stretch = (by: number): (number | null)[] | null => (envelope ? points.map((point) => (point === null ? null : point * by)) : null);
  return { service: service.view.name, attributes, points, min: stretch(0.7), max: stretch(1.6) };
}

/** Size of the numbers, by what is measured. */
function levelOf({ definition }: FakeService, [name, , kind]: Row, show: MetricQuery["show"]): number {
  const tail = { p50: 1, p90: 3.2, p99: 9 }[show as string] ?? 1.4;
  if (kind.endsWith("histogram") && show !== "rate" && show !== "count" && show !== "delta") return 0.018 * tail * (1 + definition.cpu / 6);
  if (kind === "summary") return 0.0004 * tail;
  if (name.includes("cpu")) return name.startsWith("process") ? definition.cpu / 800 : definition.cpu / 100;
  if (name.includes("memory")) return definition.memory * 1_048_576;
  if (name === "benchtop.probe.duration") return 0.0035;
  if (name.includes(".io")) return 20_000 + definition.cpu * 15_000;
  return 4 + definition.cpu * 2;
}

/** About 1, slowly rising and falling with some noise; the same for the same moment. */
function wave(seed: number, at: number): number {
  const slow = Math.sin((at + seed * 977) / WAVE) * 0.15 + Math.sin((at + seed * 331) / (WAVE * 7)) * 0.2;
  const grain = Math.floor(at / 2_000) + seed;
  const noise = (((Math.imul(grain, 2_654_435_761) >>> 0) % 1000) / 1000 - 0.5) * 0.22;
  const peak = (Math.imul(grain, 40_503) >>> 0) % 97 === 0 ? 1.8 : 0;
  return Math.max(0.05, 1 + slow + noise + peak);
}

function aliveAt(service: FakeService, began: number, now: number): (at: number) => boolean {
  const lives = service.instances.map(({ started, ended }) => [started, ended ?? now] as const);
  return (at) => at >= began && at <= now && lives.some(([started, ended]) => at >= started && at <= ended);
}

function heatmapOf(services: number, times: number[], step: number, began: number, now: number): Heatmap {
  const counts = times.map((at) => {
    if (at < began || at > now) return [];
    const middle = 6 + Math.sin(at / WAVE) * 2.5;
    return Array.from({ length: BOUNDS.length + 1 }, (_, row) => Math.round(services * (step / 1000) * 9 * Math.exp(-((row - middle) ** 2) / 5) * wave(row, at) + (row === 12 ? wave(99, at) > 1.4 ? 2 : 0 : 0)));
  });
  return { bounds: BOUNDS, counts };
}

function exemplarsOf(world: World, services: FakeService[], times: number[], began: number, now: number): Exemplar[] {
  if (services.length === 0) return [];
  const every = Math.max(1, Math.floor(times.length / 24));
  return times.filter((at, index) => index % every === 3 && at >= began && at <= now).flatMap((at, index) => {
    const seen = world.traces.near(services[index % services.length]?.view.name ?? "", at);
    return seen ? [{ at, value: 0.03 + ((at / 977) % 50) / 60 + (index % 7 === 0 ? 1.2 : 0), ...seen }] : [];
  });
}

function marksOf(world: World, from: number, to: number): RunMark[] {
  const marks = world.services.flatMap(({ instances, transitions, view }) => {
    const mark = (at: number, kind: RunMarkKind, text: string): RunMark => ({ at, kind, service: view.name, text });
    const lives = instances.flatMap(({ started, ended, exit, generation }) => {
      const begin = generation > 1 ? mark(started, "restart", `start ${generation}`) : mark(started, "start", "first start");
      if (ended === null) return [begin];
      const bad = exit !== null && exit.code !== 0 && exit.code !== 143;
      return [begin, bad ? mark(ended, "crash", `exit code ${exit.code}`) : mark(ended, "stop", "stopped")];
    });
    const alerts = transitions.filter(({ status, lifecycle }) => status === "Unhealthy" && lifecycle === "Running").map(({ at, cause }) => mark(at, "alert", cause));
    const builds = transitions.filter(({ lifecycle }) => lifecycle === "Building").map(({ at, cause }) => mark(at, "rebuild", cause));
    return [...lives, ...alerts, ...builds];
  });
  return marks.filter(({ at }) => at >= from && at < to).toSorted((one, other) => one.at - other.at).slice(-500);
}

function seedOf(text: string): number {
  return Number.parseInt(hex(text, 8), 16) % 100_000;
}
