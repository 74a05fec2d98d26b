// Repeats put together: a line that says what the last line of its service said
// counts there instead of standing for itself.
import type { LogRecord } from "../bindings";
import { stripAnsi } from "./ansi";

export type Row = { record: LogRecord; count: number; last: LogRecord };

const TIME = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?|\d\d:\d\d:\d\d(?:[.,]\d+)?/g;
const said = new WeakMap<LogRecord, string>();

/** What makes two lines the same: service, level and text, times apart. */
export function saidBy(record: LogRecord): string {
  let key = said.get(record);
  if (key === undefined) {
    key = `${record.service}\n${record.severity}\n${stripAnsi(record.body).replace(TIME, "·")}`;
    said.set(record, key);
  }
  return key;
}

export function collapse(records: readonly LogRecord[]): Row[] {
  const rows: Row[] = [];
  const lastOf = new Map<string, Row>();
  for (const record of records) {
    const before = lastOf.get(record.service);
    if (before && saidBy(before.record) === saidBy(record)) {
      before.count += 1;
      before.last = record;
      continue;
    }
    const row = { record, count: 1, last: record };
    lastOf.set(record.service, row);
    rows.push(row);
  }
  return rows;
}

/** Every line for itself. */
export function plain(records: readonly LogRecord[]): Row[] {
  return records.map((record) => ({ record, count: 1, last: record }));
}
