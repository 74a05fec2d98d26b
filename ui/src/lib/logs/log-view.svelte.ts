// The log that is on screen: pulls its window, follows the end or stands still.
import type { Backend, BackendEvent } from "../backend/backend";
import { toApiError } from "../backend/backend";
import type { ApiError, Level, LogPage, LogQuery } from "../bindings";
import { concerns } from "../state/live-query.svelte";
import { Puller } from "../state/puller";
import { appendNewer, EMPTY, matching, prependOlder, replaceWith, type LogWindow } from "./window";

export type LogFilter = { services: readonly string[]; level: Level | null; text: string };

const FIRST_PAGE = 1_000;
const PAGE = 500;
const FOLLOW_PAGE = 2_000;

export class LogView {
  window: LogWindow = $state.raw(EMPTY);
  /** The first answer to the present filter has come. */
  loaded = $state(false);
  error: ApiError | null = $state.raw(null);
  following = $state(true);
  /** Matching records that came since it stands still. */
  waiting = $state(0);
  /** Records up to this number are hidden by "clear". */
  clearedAt = $state(0);

  #backend: Backend;
  #environment: string;
  #filter: LogFilter = { services: [], level: null, text: "" };
  #puller: Puller;
  #unsubscribe: () => void;
  #epoch = 0;
  #countAtPause = 0;
  #paging = false;

  constructor(backend: Backend, environment: string) {
    this.#backend = backend;
    this.#environment = environment;
    this.#puller = new Puller(() => this.#pull());
    this.#unsubscribe = backend.subscribe((event: BackendEvent) => {
      if (concerns(event, environment, ["logs"])) this.#puller.request();
    });
    this.#puller.start();
  }

  /** Another question: what is held no longer answers it. */
  ask(filter: LogFilter): void {
    this.#filter = filter;
    this.#epoch += 1;
    this.following = true;
    this.waiting = 0;
    this.loaded = false;
    this.#puller.request();
  }

  follow(): void {
    if (this.following) return;
    this.following = true;
    this.waiting = 0;
    this.#epoch += 1;
    this.loaded = false;
    this.#puller.request();
  }

  pause(): void {
    if (!this.following) return;
    this.following = false;
    this.#countAtPause = matching(this.window.levels, this.#filter.level);
    this.waiting = 0;
  }

  clear(): void {
    this.clearedAt = this.window.newest;
    this.window = { ...this.window, records: [], moreBefore: false };
  }

  showCleared(): void {
    this.clearedAt = 0;
    this.ask(this.#filter);
  }

  /** Older records at the top; tells how many came. Calls `before` just before the change. */
  async older(before: () => void): Promise<number> {
    const first = this.window.records[0]?.seq;
    if (first === undefined || !this.window.moreBefore) return 0;
    return await this.#page({ before: first, limit: PAGE }, prependOlder, before);
  }

  /** Newer records at the bottom, while standing still; otherwise as older(). */
  async newer(before: () => void): Promise<number> {
    const last = this.window.records.at(-1)?.seq;
    if (last === undefined || this.following || !this.window.moreAfter) return 0;
    return await this.#page({ after: last, limit: PAGE }, appendNewer, before);
  }

  dispose(): void {
    this.#puller.stop();
    this.#unsubscribe();
  }

  async #page(part: Partial<LogQuery>, merge: (window: LogWindow, page: LogPage) => LogWindow, before: () => void): Promise<number> {
    if (this.#paging) return 0;
    this.#paging = true;
    const epoch = this.#epoch;
    try {
      const page = await this.#query(part);
      if (epoch !== this.#epoch) return 0;
      before();
      this.window = this.#withoutCleared(merge(this.window, page));
      return page.records.length;
    } catch (thrown) {
      this.error = toApiError(thrown);
      return 0;
    } finally {
      this.#paging = false;
    }
  }

  async #pull(): Promise<void> {
    const epoch = this.#epoch;
    try {
      if (!this.loaded) {
        const page = await this.#query({ limit: FIRST_PAGE });
        if (epoch === this.#epoch) this.#show(replaceWith(page));
      } else if (this.following) await this.#followOn(epoch);
      else {
        const page = await this.#query({ after: this.window.records.at(-1)?.seq ?? 0, limit: 1 });
        if (epoch !== this.#epoch || this.following) return;
        this.window = { ...this.window, levels: page.levels, dropped: page.dropped, moreAfter: page.records.length > 0 };
        this.waiting = Math.max(0, matching(page.levels, this.#filter.level) - this.#countAtPause);
      }
      this.error = null;
    } catch (thrown) {
      if (epoch === this.#epoch) this.error = toApiError(thrown);
    }
  }

  /** Goes on from the newest; where more came than can be read, jumps to the end. */
  async #followOn(epoch: number): Promise<void> {
    const page = await this.#query({ after: this.window.newest, limit: FOLLOW_PAGE });
    if (epoch !== this.#epoch || !this.following) return;
    if (!page.more) return this.#show(appendNewer(this.window, page));
    const end = await this.#query({ limit: FIRST_PAGE });
    if (epoch === this.#epoch && this.following) this.#show(replaceWith(end));
  }

  #show(window: LogWindow): void {
    this.window = this.#withoutCleared(window);
    this.loaded = true;
  }

  #withoutCleared(window: LogWindow): LogWindow {
    const first = window.records[0];
    if (this.clearedAt === 0 || !first || first.seq > this.clearedAt) return window;
    return { ...window, records: window.records.filter(({ seq }) => seq > this.clearedAt), moreBefore: false };
  }

  #query(part: Partial<LogQuery>): Promise<LogPage> {
    const { services, level, text } = this.#filter;
    const query: LogQuery = { services: [...services], min_level: level, text: text || null, before: null, after: null, limit: PAGE, ...part };
    return this.#backend.call("logs.query", { environment: this.#environment, query });
  }
}
