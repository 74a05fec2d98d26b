// The log that is on screen: pulls its window, follows the end or stands still.
import type { Backend, BackendEvent } from "../backend/backend";
import { toApiError } from "../backend/backend";
import type { ApiError, Level, LogPage, LogQuery, LogRecord } from "../bindings";
import { concerns } from "../state/live-query.svelte";
import { Puller } from "../state/puller";
import { appendNewer, EMPTY, joinAround, prependOlder, replaceWith, type LogWindow } from "./window";

export type LogFilter = { services: readonly string[]; level: Level | null; text: string; since?: number | null; until?: number | null; run?: string | null };
/** The lines around one, whatever the filter. */
export type Context = { record: LogRecord; sameService: boolean };

const FIRST_PAGE = 1_000;
const PAGE = 500;
const FOLLOW_PAGE = 2_000;
/** Some screens: in a flood, what was not seen is not fetched either. */
const FLOOD_PAGE = 300;
const AROUND = 300;
/** Least time between two looks, in milliseconds. Lines that rush past are not read: to draw
 *  them more often than the eye can tell costs the machine that it watches, and memory, for
 *  a web view keeps something of every text that it has drawn. */
const PACE = 100;
const FLOOD_PACE = 250;

/** The engine's form of a filter; absent filters let everything pass. */
export function queryOf(filter: LogFilter, part: Partial<LogQuery> = {}): LogQuery {
  const { services, level, text, since = null, until = null, run = null } = filter;
  return { services: [...services], min_level: level, text: text.trim() === "" ? null : text, since, until, run, before: null, after: null, limit: PAGE, ...part };
}

export class LogView {
  window: LogWindow = $state.raw(EMPTY);
  /** The first answer to the present filter has come. */
  loaded = $state(false);
  error: ApiError | null = $state.raw(null);
  following = $state(true);
  /** Matching records that came since it stands still. */
  waiting = $state(0);
  /** There are more than were counted. */
  waitingMore = $state(false);
  /** Records up to this number are hidden by "clear". */
  clearedAt = $state(0);
  context: Context | null = $state.raw(null);

  #backend: Backend;
  #environment: string;
  #filter: LogFilter = { services: [], level: null, text: "" };
  #puller: Puller;
  #unsubscribe: () => void;
  #epoch = 0;
  #failed = -1;
  #countedTo = 0;
  #paging = false;
  /** More came than can be read, as of the last answer. */
  #flooded = false;

  /** Asks nothing before it is told what; the tail of everything where `waits` is not set. */
  constructor(backend: Backend, environment: string, waits = false) {
    this.#backend = backend;
    this.#environment = environment;
    // A rest as long as the answer took: a flood leaves half of the time to everything else.
    this.#puller = new Puller(() => this.#pull(), { rest: 1, interval: PACE });
    this.#unsubscribe = backend.subscribe((event: BackendEvent) => {
      if (concerns(event, environment, ["logs"])) this.#puller.request();
    });
    if (!waits) this.#puller.start();
  }

  /** What is asked for at present. */
  get filter(): LogFilter {
    return this.#filter;
  }

  /** Another question: what is held no longer answers it. */
  ask(filter: LogFilter): void {
    this.#filter = filter;
    this.context = null;
    this.#restart((filter.until ?? null) === null);
  }

  follow(): void {
    if (!this.following || this.context) this.ask({ ...this.#filter, until: null });
  }

  pause(): void {
    if (!this.following) return;
    this.following = false;
    this.#countFrom(this.window.records.at(-1)?.seq ?? this.window.newest);
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
    const { records, moreBefore, searched } = this.window;
    const first = searched ?? records[0]?.seq;
    if (first === undefined || !moreBefore) return 0;
    return await this.#page({ before: first, limit: PAGE }, prependOlder, before);
  }

  /** Newer records at the bottom, while standing still; otherwise as older(). */
  async newer(before: () => void): Promise<number> {
    const last = this.window.records.at(-1)?.seq;
    if (last === undefined || this.following || !this.window.moreAfter) return 0;
    return await this.#page({ after: last, limit: PAGE }, appendNewer, before);
  }

  /** Stands still around a record; tells its place, or that of the next after it. */
  async showRecord(seq: number): Promise<number> {
    return await this.#stand(() => Promise.all([this.#query({ before: seq, limit: AROUND }), this.#query({ after: seq - 1, limit: AROUND })]));
  }

  /** Stands still around a moment; tells the place of the first record from then on. */
  async showMoment(at: number): Promise<number> {
    const { since, until } = this.#filter;
    const end = Math.min(at, until ?? Infinity);
    const begin = Math.max(at, since ?? -Infinity);
    return await this.#stand(() => Promise.all([this.#query({ until: end, limit: AROUND }), this.#query({ since: begin, after: 0, limit: AROUND })]));
  }

  /** Shows what surrounds a record, whatever the filter; tells its place. */
  async showContext(record: LogRecord, sameService: boolean): Promise<number> {
    this.context = { record, sameService };
    return await this.#stand(async () => {
      const page = await this.#backend.call("logs.context", { environment: this.#environment, seq: record.seq, before: AROUND, after: AROUND, same_service: sameService });
      const older = page.records.filter(({ seq }) => seq < record.seq);
      const newer = page.records.filter(({ seq }) => seq >= record.seq);
      return [{ ...page, records: older, more: older.length >= AROUND }, { ...page, records: newer, more: newer.length > AROUND }];
    });
  }

  /** The number of the next record on a side that fits; null where there is none. */
  async find(from: number, step: 1 | -1, part: Partial<LogQuery>): Promise<number | null> {
    const page = await this.#query({ ...part, ...(step === 1 ? { after: from } : { before: from }), limit: 1 });
    return page.records[0]?.seq ?? null;
  }

  dispose(): void {
    this.#puller.stop();
    this.#unsubscribe();
  }

  #restart(following: boolean): void {
    this.#epoch += 1;
    this.following = following;
    this.loaded = false;
    this.#flooded = false;
    this.#puller.pace(PACE);
    this.#countFrom(0);
    this.#puller.start();
    this.#puller.urge();
  }

  #countFrom(seq: number): void {
    this.#countedTo = seq;
    this.waiting = 0;
    this.waitingMore = false;
  }

  async #stand(load: () => Promise<[LogPage, LogPage]>): Promise<number> {
    this.following = false;
    const epoch = ++this.#epoch;
    try {
      const [older, newer] = await load();
      if (epoch !== this.#epoch) return -1;
      this.#show(joinAround(older, newer));
      this.#countFrom(newer.newest);
      this.error = null;
      return this.window.records.length - newer.records.length;
    } catch (thrown) {
      if (epoch === this.#epoch) this.error = toApiError(thrown);
      return -1;
    }
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
    // What could not be understood is not understood better the next time.
    if (this.error?.code === "invalid" && this.#failed === epoch) return;
    try {
      if (!this.loaded) {
        const page = await this.#query({ limit: FIRST_PAGE });
        if (epoch !== this.#epoch) return;
        this.#show(replaceWith(page));
        if (!this.following) this.#countFrom(page.newest);
      } else if (this.following) await this.#followOn(epoch);
      else await this.#countNew(epoch);
      this.error = null;
    } catch (thrown) {
      if (epoch !== this.#epoch) return;
      this.#failed = epoch;
      this.error = toApiError(thrown);
    }
  }

  /** Goes on from the newest; where more came than can be read, jumps to the end. */
  async #followOn(epoch: number): Promise<void> {
    if (this.#flooded) return await this.#jumpToEnd(epoch, FLOOD_PAGE);
    const page = await this.#query({ after: this.window.newest, limit: FOLLOW_PAGE });
    if (epoch !== this.#epoch || !this.following) return;
    if (page.more) await this.#jumpToEnd(epoch, FIRST_PAGE);
    else this.#show(appendNewer(this.window, page));
  }

  /** Shows the end alone, unless it goes on where the window ends: the flood is over then. */
  async #jumpToEnd(epoch: number, limit: number): Promise<void> {
    const end = await this.#query({ limit });
    if (epoch !== this.#epoch || !this.following) return;
    this.#flooded = end.more && (end.records[0]?.seq ?? 0) > this.window.newest;
    this.#puller.pace(this.#flooded ? FLOOD_PACE : PACE);
    this.#show(this.#flooded ? replaceWith(end) : appendNewer(this.window, { ...end, more: false }));
  }

  /** Counts what came since the last time; what stands stays. */
  async #countNew(epoch: number): Promise<void> {
    if (this.#filter.until != null) return;
    const page = await this.#query({ after: this.#countedTo, limit: PAGE });
    if (epoch !== this.#epoch || this.following) return;
    this.#countedTo = page.newest;
    this.waiting += page.records.length;
    this.waitingMore ||= page.more;
    const { levels, dropped, services } = page;
    this.window = { ...this.window, levels, dropped, services, moreAfter: this.window.moreAfter || page.records.length > 0 };
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
    const query = this.context ? queryOf(this.#around(this.context), part) : queryOf(this.#filter, part);
    return this.#backend.call("logs.query", { environment: this.#environment, query });
  }

  #around({ record, sameService }: Context): LogFilter {
    return { services: sameService ? [record.service] : [], level: null, text: "", run: this.#filter.run ?? null };
  }
}
