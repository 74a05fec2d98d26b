// An answer of the engine that is kept fresh: asked again when a topic of the
// environment changes, when the connection is back, and by polling.
import type { Backend, BackendEvent } from "../backend/backend";
import { toApiError } from "../backend/backend";
import type { ApiError, Topic } from "../bindings";
import { Puller, type PullerOptions } from "./puller";

export class LiveQuery<T> {
  /** The last answer; null before the first. */
  value: T | null = $state.raw(null);
  /** Why the last question failed; null when it did not. */
  error: ApiError | null = $state.raw(null);

  #puller: Puller;
  #unsubscribe: () => void;

  constructor(backend: Backend, environment: string, topics: Topic[], load: () => Promise<T>, options: Partial<PullerOptions> = {}) {
    this.#puller = new Puller(async () => {
      try {
        this.value = await load();
        this.error = null;
      } catch (thrown) {
        this.error = toApiError(thrown);
      }
    }, options);
    this.#unsubscribe = backend.subscribe((event) => {
      if (concerns(event, environment, topics)) this.#puller.request();
    });
    this.#puller.start();
  }

  refresh(): void {
    this.#puller.urge();
  }

  dispose(): void {
    this.#puller.stop();
    this.#unsubscribe();
  }
}

/** Whether an event makes answers about these topics old. */
export function concerns(event: BackendEvent, environment: string, topics: Topic[]): boolean {
  // "environments" also stands for notices that were missed.
  if (event.type === "environments") return true;
  if (event.type === "connection") return event.connected;
  return event.type === "changed" && event.environment === environment && event.topics.some((topic) => topics.includes(topic));
}
