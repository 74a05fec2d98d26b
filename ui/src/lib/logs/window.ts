// The stretch of the log that the page holds. Records are contiguous in the
// engine's answer; the page never holds more than CAPACITY of them.
import type { Level, LogPage, LogRecord, ServiceCount } from "../bindings";
import { LEVELS } from "../format/status";

export const CAPACITY = 5_000;

export type LogWindow = {
  records: readonly LogRecord[];
  /** Number of the first among all that stood in this window since it was last replaced: a
   *  record keeps its number while others come and go around it. */
  offset: number;
  /** Matching records lie before the first. */
  moreBefore: boolean;
  /** Matching records lie after the last. */
  moreAfter: boolean;
  /** The number of the newest record there is: where following goes on. */
  newest: number;
  /** Records that were pushed out of the engine's memory. */
  dropped: number;
  /** Per level, of the chosen services and text. */
  levels: readonly number[];
  /** Per service, of the chosen times and levels; empty where a text is looked for. */
  services: readonly ServiceCount[];
  /** Where the search for older ones goes on: it stopped at its time bound. */
  searched: number | null;
  /** Bytes that were read for the last answer. */
  scanned: number;
};

export const EMPTY: LogWindow = { records: [], offset: 0, moreBefore: false, moreAfter: false, newest: 0, dropped: 0, levels: [0, 0, 0, 0, 0, 0], services: [], searched: null, scanned: 0 };

/** The newest page replaces what was held. */
export function replaceWith(page: LogPage): LogWindow {
  return { ...facts(page), records: page.records, offset: 0, moreBefore: page.more, moreAfter: false, searched: page.complete ? null : page.reached };
}

/** The records around a place: those up to it and those after it. */
export function joinAround(older: LogPage, newer: LogPage): LogWindow {
  return { ...replaceWith(older), ...facts(newer), records: [...older.records, ...newer.records], moreAfter: newer.more };
}

/** Newer records, asked for with `after`; the oldest make room. */
export function appendNewer(window: LogWindow, page: LogPage): LogWindow {
  const last = window.records.at(-1)?.seq ?? 0;
  const fresh = page.records.filter(({ seq }) => seq > last);
  const all = fresh.length ? [...window.records, ...fresh] : window.records;
  const surplus = Math.max(0, all.length - CAPACITY);
  return {
    ...facts(page),
    // What was not looked at is asked for again.
    newest: page.complete ? page.newest : page.reached,
    records: surplus ? all.slice(surplus) : all,
    offset: window.offset + surplus,
    moreBefore: window.moreBefore || surplus > 0,
    moreAfter: page.more,
    searched: window.searched,
  };
}

/** Older records, asked for with `before`; the newest make room. */
export function prependOlder(window: LogWindow, page: LogPage): LogWindow {
  const first = window.records[0]?.seq ?? Infinity;
  const older = page.records.filter(({ seq }) => seq < first);
  const all = older.length ? [...older, ...window.records] : window.records;
  const surplus = Math.max(0, all.length - CAPACITY);
  return {
    ...facts(page),
    records: surplus ? all.slice(0, CAPACITY) : all,
    offset: window.offset - older.length,
    moreBefore: page.more,
    moreAfter: window.moreAfter || surplus > 0,
    searched: page.complete ? null : page.reached,
  };
}

/** How many matching records there are, from the counts per level. */
export function matching(levels: readonly number[], least: Level | null): number {
  const from = least === null ? 0 : LEVELS.indexOf(least);
  return levels.slice(from).reduce((sum, count) => sum + count, 0);
}

/** The place of the next error after `from`, going round; -1 where there is none. */
export function nextError(records: readonly LogRecord[], from: number, step: 1 | -1): number {
  for (let distance = 1; distance <= records.length; distance++) {
    const index = (((from + step * distance) % records.length) + records.length) % records.length;
    const severity = records[index]?.severity;
    if (severity === "error" || severity === "fatal") return index;
  }
  return -1;
}

function facts({ newest, dropped, levels, services, scanned_bytes }: LogPage): Pick<LogWindow, "newest" | "dropped" | "levels" | "services" | "scanned"> {
  return { newest, dropped, levels, services, scanned: scanned_bytes };
}
