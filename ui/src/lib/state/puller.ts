// When to ask again: at most one question in flight, at most one per interval,
// and now and then even if nobody said that something changed.

export type PullerOptions = {
  /** Least time between the starts of two questions, in milliseconds. */
  interval: number;
  /** Time after which it asks unbidden; 0 for never. */
  poll: number;
  /** Rest after an answer, as a multiple of the time that it took: a question that costs
   *  much is asked less often. */
  rest: number;
};

export class Puller {
  #pull: () => Promise<void>;
  #options: PullerOptions;
  #running = false;
  #inFlight = false;
  #wanted = false;
  /** The question in flight is not meant any more: the next one follows without a rest. */
  #urged = false;
  #startedAt = -Infinity;
  #restUntil = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** One function, so that it is registered once however often it is wanted. */
  #resume = (): void => this.request();

  constructor(pull: () => Promise<void>, options: Partial<PullerOptions> = {}) {
    this.#pull = pull;
    this.#options = { interval: 100, poll: 5_000, rest: 0, ...options };
  }

  /** Asks at once and goes on until stop(). */
  start(): void {
    this.#running = true;
    this.request();
  }

  stop(): void {
    this.#running = false;
    this.#wanted = false;
    clearTimeout(this.#timer);
  }

  /** Says that the answer at hand may be old. Many requests become one question. */
  request(): void {
    if (!this.#running) return;
    this.#wanted = true;
    if (!this.#inFlight) this.#schedule(this.#due() - Date.now());
  }

  /** Another least time between the starts of two questions, from the next one on. */
  pace(interval: number): void {
    this.#options = { ...this.#options, interval };
  }

  /** As request(), without the rest after a costly answer: another question is meant. */
  urge(): void {
    this.#restUntil = -Infinity;
    this.#urged = this.#inFlight;
    this.request();
  }

  #due(): number {
    return Math.max(this.#startedAt + this.#options.interval, this.#restUntil);
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), Math.max(0, delay));
  }

  async #ask(): Promise<void> {
    // A window that nobody sees costs nothing; it catches up when it is shown.
    if (isHidden()) return document.addEventListener("visibilitychange", this.#resume, { once: true });
    this.#inFlight = true;
    this.#wanted = false;
    this.#startedAt = Date.now();
    try {
      await this.#pull();
    } finally {
      this.#inFlight = false;
      const rest = this.#urged ? 0 : this.#options.rest;
      this.#urged = false;
      this.#restUntil = Date.now() + (Date.now() - this.#startedAt) * rest;
      if (this.#running) {
        if (this.#wanted) this.#schedule(this.#due() - Date.now());
        else if (this.#options.poll > 0) this.#schedule(this.#options.poll);
      }
    }
  }
}

function isHidden(): boolean {
  return typeof document !== "undefined" && document.hidden;
}
