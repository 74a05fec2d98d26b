// One open environment as the page sees it: the last status, how old it is, and
// what can be done with it.
import type { Backend } from "../backend/backend";
import type { ApiError, EnvironmentView, ServiceView } from "../bindings";
import { LiveQuery } from "./live-query.svelte";
import { Samples } from "./samples";
import { shareUnchanged } from "./share";

const ERROR_COUNT_INTERVAL = 2_000;

export class EnvironmentStore {
  readonly id: string;
  readonly samples = new Samples();
  /** Since when nothing new is known; null while the answers come. */
  staleSince: number | null = $state(null);

  #status: LiveQuery<EnvironmentView>;
  #errors: LiveQuery<number>;

  constructor(backend: Backend, id: string, reopen: () => Promise<void>) {
    this.id = id;
    let last: EnvironmentView | null = null;
    this.#status = new LiveQuery(backend, id, ["status", "usage"], async () => {
      const view = await statusOf(backend, id, reopen);
      this.samples.take(view.services, Date.now());
      last = { ...view, services: last ? shareUnchanged(last.services, view.services) : view.services };
      return last;
    });
    this.#errors = new LiveQuery(backend, id, ["logs"], () => errorCount(backend, id), { interval: ERROR_COUNT_INTERVAL });
  }

  get view(): EnvironmentView | null {
    return this.#status.value;
  }

  get error(): ApiError | null {
    return this.#status.error;
  }

  /** Log lines at error and above that are in memory. */
  get logErrors(): number {
    return this.#errors.value ?? 0;
  }

  service(name: string): ServiceView | null {
    return this.view?.services.find((service) => service.name === name) ?? null;
  }

  refresh(): void {
    this.#status.refresh();
  }

  /** Called when the connection breaks or returns. */
  connectionChanged(connected: boolean): void {
    this.staleSince = connected ? null : (this.staleSince ?? Date.now());
  }

  dispose(): void {
    this.#status.dispose();
    this.#errors.dispose();
  }
}

/** The status; an environment that is only remembered is opened first. */
async function statusOf(backend: Backend, id: string, reopen: () => Promise<void>): Promise<EnvironmentView> {
  try {
    return await backend.call("environment.status", { environment: id });
  } catch (thrown) {
    if ((thrown as ApiError).code !== "not_found") throw thrown;
    await reopen();
    return await backend.call("environment.status", { environment: id });
  }
}

async function errorCount(backend: Backend, id: string): Promise<number> {
  const query = { services: [], min_level: "error" as const, text: null, before: null, after: null, limit: 1 };
  const page = await backend.call("logs.query", { environment: id, query });
  return (page.levels[4] ?? 0) + (page.levels[5] ?? 0);
}
