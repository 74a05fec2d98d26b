// One open trace as the page sees it: its spans, which of them are rows, what part of
// the time is shown, what is searched for.
import type { Backend } from "../backend/backend";
import { toApiError } from "../backend/backend";
import type { ApiError, LogRecord, Span, Trace } from "../bindings";
import { concerns } from "../state/live-query.svelte";
import { Puller } from "../state/puller";
import { collapsedBelow, errorsBelow, hasChildren, NO_PARENT, outlineOf, revealing, visibleRows, type Outline } from "./outline";
import { findSpans } from "./search";

/** A stretch of the trace in nanoseconds from its begin. */
export type Window = { from: number; to: number };

const NOTHING: Outline = { ends: new Int32Array(), parents: new Int32Array() };
/** A trace whose end is younger may still grow. */
const GROWS = 30_000;
const LOG_LINES = 500;
const LEAST_WINDOW = 1_000;

export class TraceModel {
  trace: Trace | null = $state.raw(null);
  error: ApiError | null = $state.raw(null);
  /** Log lines of the trace by the span that they name; those without a span under "". */
  logs: ReadonlyMap<string, readonly LogRecord[]> = $state.raw(new Map());
  /** Ids of spans whose children are hidden; kept by id, so that a growing trace keeps its folds. */
  collapsed: ReadonlySet<string> = $state.raw(new Set());
  /** Null shows the whole. */
  window: Window | null = $state.raw(null);
  query = $state("");
  criticalOnly = $state(false);

  readonly spans: readonly Span[] = $derived(this.trace?.spans ?? []);
  readonly outline: Outline = $derived(this.trace ? outlineOf(this.trace.spans) : NOTHING);
  readonly places: ReadonlyMap<string, number> = $derived(new Map(this.spans.map(({ id }, index) => [id, index])));
  readonly errorsBelow: Int32Array = $derived(errorsBelow(this.spans, this.outline));
  readonly errors: readonly number[] = $derived(this.spans.flatMap(({ status }, index) => (status === "error" ? [index] : [])));
  readonly found = $derived(findSpans(this.spans, this.query));
  readonly hits: ReadonlySet<number> = $derived(new Set(this.found.places));
  readonly rows: Int32Array = $derived(this.criticalOnly ? Int32Array.from(this.spans.flatMap(({ critical }, index) => (critical ? [index] : []))) : visibleRows(this.spans, this.outline, this.collapsed));
  /** Where the time of the drawing begins and ends; clocks that disagree may begin before the trace. */
  readonly whole: Window = $derived.by(() => {
    let [from, to] = [0, this.trace?.duration_ns ?? 1];
    for (const { start_ns, duration_ns } of this.spans) {
      if (start_ns < from) from = start_ns;
      if (start_ns + duration_ns > to) to = start_ns + duration_ns;
    }
    return { from, to: Math.max(to, from + LEAST_WINDOW) };
  });
  readonly shown: Window = $derived(this.window ?? this.whole);

  #backend: Backend;
  #environment: string;
  #run: string | null;
  #id: string;
  #puller: Puller;
  #unsubscribe: () => void;

  constructor(backend: Backend, environment: string, run: string | null, id: string) {
    this.#backend = backend;
    this.#environment = environment;
    this.#run = run;
    this.#id = id;
    this.#puller = new Puller(() => this.#pull(), { interval: 2_000, poll: 0, rest: 10 });
    this.#unsubscribe = backend.subscribe((event) => {
      if (concerns(event, environment, ["traces"]) && this.#mayGrow()) this.#puller.request();
    });
    this.#puller.start();
  }

  dispose(): void {
    this.#puller.stop();
    this.#unsubscribe();
  }

  span(index: number): Span | null {
    return this.spans[index] ?? null;
  }

  toggle(index: number): void {
    const id = this.spans[index]?.id;
    if (id === undefined || !hasChildren(this.outline, index)) return;
    const next = new Set(this.collapsed);
    if (!next.delete(id)) next.add(id);
    this.collapsed = next;
  }

  isCollapsed(index: number): boolean {
    return this.collapsed.has(this.spans[index]?.id ?? "") && hasChildren(this.outline, index);
  }

  expandAll(): void {
    this.collapsed = new Set();
  }

  /** Leaves so many levels in sight. */
  collapseTo(levels: number): void {
    this.collapsed = collapsedBelow(this.spans, this.outline, levels - 1);
  }

  /** Opens what hides a span. */
  reveal(index: number): void {
    if (this.criticalOnly && !this.spans[index]?.critical) this.criticalOnly = false;
    this.collapsed = revealing(this.spans, this.outline, this.collapsed, index);
    const span = this.spans[index];
    if (span && this.window && (span.start_ns > this.window.to || span.start_ns + span.duration_ns < this.window.from)) this.window = null;
  }

  parentOf(index: number): number {
    return this.outline.parents[index] ?? NO_PARENT;
  }

  /** Shows this stretch; the whole where it is nearly that, or too short to be one. */
  zoomTo(from: number, to: number): void {
    const low = Math.max(this.whole.from, Math.min(from, to));
    const high = Math.min(this.whole.to, Math.max(from, to));
    if (high - low < LEAST_WINDOW) return;
    this.window = high - low >= (this.whole.to - this.whole.from) * 0.999 ? null : { from: low, to: high };
  }

  /** Nearer or further, a place in time staying where it is. */
  zoomBy(factor: number, around: number): void {
    const { from, to } = this.shown;
    this.zoomTo(around - (around - from) * factor, around + (to - around) * factor);
  }

  #mayGrow(): boolean {
    return this.trace === null || Date.now() - (this.trace.start + this.trace.duration_ns / 1e6) < GROWS;
  }

  async #pull(): Promise<void> {
    try {
      const trace = await this.#backend.call("traces.get", { environment: this.#environment, run: this.#run, trace_id: this.#id });
      if (this.trace === null || trace.spans.length !== this.trace.spans.length) this.trace = trace;
      this.error = null;
      await this.#pullLogs();
    } catch (thrown) {
      this.error = toApiError(thrown);
    }
  }

  async #pullLogs(): Promise<void> {
    const query = { services: [], min_level: null, text: `trace_id=${this.#id}`, run: this.#run, before: null, after: null, limit: LOG_LINES };
    const page = await this.#backend.call("logs.query", { environment: this.#environment, query }).catch(() => null);
    if (!page) return;
    const logs = new Map<string, LogRecord[]>();
    for (const record of page.records) {
      const list = logs.get(record.span_id ?? "");
      if (list) list.push(record);
      else logs.set(record.span_id ?? "", [record]);
    }
    this.logs = logs;
  }
}
