// The traces that fit a filter: the newest are followed, or what is shown stands still.
import type { Backend } from "../backend/backend";
import { toApiError } from "../backend/backend";
import type { ApiError, TracePage, TraceQuery, TraceSummary } from "../bindings";
import type { TracesRoute } from "../routing/route";
import { concerns } from "../state/live-query.svelte";
import { Puller } from "../state/puller";

const PAGE = 200;
/** More than this is not held: the filter is to be narrowed. */
const MOST = 5_000;

/** The engine's form of what the address asks for. */
export function queryOfRoute(route: TracesRoute, part: Partial<TraceQuery> = {}): TraceQuery {
  const { run, services, since, until, min, max, errors, slowest } = route;
  return { run, services: [...services], text: route.text.trim() === "" ? null : route.text, since, until, min_ns: min, max_ns: max, errors_only: errors, order: slowest ? "slowest" : "newest", limit: PAGE, before: null, ...part };
}

export class TraceList {
  /** The first page with its numbers over everything that fits; null before the first answer. */
  page: TracePage | null = $state.raw(null);
  traces: readonly TraceSummary[] = $state.raw([]);
  error: ApiError | null = $state.raw(null);
  following = $state(true);
  /** Traces that fit and came since it stands still. */
  waiting = $state(0);

  #backend: Backend;
  #environment: string;
  #route: TracesRoute | null = null;
  #puller: Puller;
  #unsubscribe: () => void;
  #epoch = 0;
  #next: string | null = null;
  #paging = false;
  #stoodAt = 0;

  constructor(backend: Backend, environment: string) {
    this.#backend = backend;
    this.#environment = environment;
    this.#puller = new Puller(() => this.#pull(), { interval: 500, rest: 4 });
    this.#unsubscribe = backend.subscribe((event) => {
      if (concerns(event, environment, ["traces"])) this.#puller.request();
    });
  }

  /** Another question: what is held no longer answers it. */
  ask(route: TracesRoute): void {
    this.#route = route;
    this.#epoch += 1;
    this.page = null;
    this.traces = [];
    this.error = null;
    this.#goOn();
    this.#puller.start();
    this.#puller.urge();
  }

  pause(): void {
    if (!this.following) return;
    this.following = false;
    this.#stoodAt = this.page?.matched ?? 0;
  }

  follow(): void {
    this.#goOn();
    this.#puller.urge();
  }

  refresh(): void {
    this.#puller.urge();
  }

  get more(): boolean {
    return this.#next !== null && this.traces.length < MOST;
  }

  /** The traces that follow those that are held; it stands still from then on. */
  async older(): Promise<void> {
    if (!this.#route || !this.more || this.#paging) return;
    this.#paging = true;
    this.pause();
    const epoch = this.#epoch;
    try {
      const page = await this.#query({ before: this.#next });
      if (epoch !== this.#epoch) return;
      const held = new Set(this.traces.map(({ trace_id }) => trace_id));
      this.traces = [...this.traces, ...page.traces.filter(({ trace_id }) => !held.has(trace_id))];
      this.#next = page.next;
    } catch (thrown) {
      this.error = toApiError(thrown);
    } finally {
      this.#paging = false;
    }
  }

  dispose(): void {
    this.#puller.stop();
    this.#unsubscribe();
  }

  #goOn(): void {
    this.following = true;
    this.waiting = 0;
    this.#stoodAt = 0;
  }

  async #pull(): Promise<void> {
    const epoch = this.#epoch;
    // What could not be understood is not understood better the next time.
    if (this.error?.code === "invalid") return;
    try {
      const page = await this.#query(this.following || this.page === null ? {} : { limit: 1 });
      if (epoch !== this.#epoch) return;
      this.error = null;
      if (!this.following && this.page !== null) this.waiting = Math.max(0, page.matched - this.#stoodAt);
      else [this.page, this.traces, this.#next] = [page, shared(this.traces, page.traces), page.next];
    } catch (thrown) {
      if (epoch === this.#epoch) this.error = toApiError(thrown);
    }
  }

  #query(part: Partial<TraceQuery>): Promise<TracePage> {
    return this.#backend.call("traces.list", { environment: this.#environment, query: queryOfRoute(this.#route as TracesRoute, part) });
  }
}

/** Old elements in place of equal new ones, so that a row that did not change is not drawn anew. */
function shared(before: readonly TraceSummary[], after: readonly TraceSummary[]): TraceSummary[] {
  const known = new Map(before.map((trace) => [trace.trace_id, trace]));
  return after.map((trace) => {
    const old = known.get(trace.trace_id);
    return old && old.spans === trace.spans && old.duration_ns === trace.duration_ns && old.errors === trace.errors ? old : trace;
  });
}
