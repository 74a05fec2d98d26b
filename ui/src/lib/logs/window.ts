// The stretch of the log that the page holds. Records are contiguous in the
// engine's answer; the page never holds more than CAPACITY of them.
import type { Level, LogPage, LogRecord } from "../bindings";
import { LEVELS } from "../format/status";

export const CAPACITY = 5_000;

export type LogWindow = {
  records: readonly LogRecord[];
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
};

export const EMPTY: LogWindow = { records: [], moreBefore: false, moreAfter: false, newest: 0, dropped: 0, levels: [0, 0, 0, 0, 0, 0] };

/** The newest page replaces what was held. */
export function replaceWith(page: LogPage): LogWindow {
  return { records: page.records, moreBefore: page.more, moreAfter: false, newest: page.newest, dropped: page.dropped, levels: page.levels };
}

/** Newer records, asked for with `after`; the oldest make room. */
export function appendNewer(window: LogWindow, page: LogPage): LogWindow {
  const last = window.records.at(-1)?.seq ?? 0;
  const fresh = page.records.filter(({ seq }) => seq > last);
  const all = fresh.length ? [...window.records, ...fresh] : window.records;
  const surplus = Math.max(0, all.length - CAPACITY);
  return {
    ...facts(page),
    records: surplus ? all.slice(surplus) : all,
    moreBefore: window.moreBefore || surplus > 0,
    moreAfter: page.more,
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
    moreBefore: page.more,
    moreAfter: window.moreAfter || surplus > 0,
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

function facts({ newest, dropped, levels }: LogPage): Pick<LogWindow, "newest" | "dropped" | "levels"> {
  return { newest, dropped, levels };
}
