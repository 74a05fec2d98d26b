// The answer to a chart's questions, kept fresh while its range ends now.
import type { Backend } from "../backend/backend";
import type { MetricFrames, MetricQuery } from "../bindings";
import { LiveQuery } from "../state/live-query.svelte";
import type { Bounds } from "./range";

/** So many pixels of a chart are one step, at least. */
const PIXELS = 3;
/** Finer than this nothing is measured. */
const LEAST_STEP = 2_000;
const FEWEST = 20;
const MOST = 2_000;

export type ChartAsk = { run: string | null; queries: readonly MetricQuery[]; bounds: () => Bounds; width: number };

/** How many steps are worth asking for. */
export function bucketsOf({ since, until }: Bounds, width: number): number {
  return Math.round(Math.min(MOST, Math.max(FEWEST, Math.min(width / PIXELS, (until - since) / LEAST_STEP))));
}

export class ChartQuery {
  #live: LiveQuery<MetricFrames>;
  #ask: ChartAsk | null = null;

  constructor(backend: Backend, environment: string) {
    this.#live = new LiveQuery(backend, environment, ["metrics"], async () => {
      const ask = this.#ask;
      if (!ask || ask.width <= 0) return Promise.reject(WAIT);
      const { since, until } = ask.bounds();
      return await backend.call("metrics.query", { environment, run: ask.run, queries: [...ask.queries], since: Math.floor(since), until: Math.ceil(until), buckets: bucketsOf({ since, until }, ask.width) });
    }, { interval: 2_000, rest: 6 });
  }

  get frames(): MetricFrames | null {
    return this.#live.value;
  }

  get error() {
    return this.#live.error?.message === WAIT.message ? null : this.#live.error;
  }

  /** Another question; the old answer stays in sight until the new one comes. */
  ask(ask: ChartAsk): void {
    this.#ask = ask;
    this.#live.refresh();
  }

  dispose(): void {
    this.#live.dispose();
  }
}

/** There is no room to draw in yet. */
const WAIT = { code: "unavailable" as const, message: "not drawn yet", hint: null, problems: [] };
