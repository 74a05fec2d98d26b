// The simulated engine's store of log lines and its answers to log questions.
import type { LogHistogram, LogPage, LogQuery, LogRecord, LogsContextRequest, LogsHistogramRequest } from "../../bindings";
import { LEVELS, matcher } from "./log-match";

const CAPACITY = 30_000;
/** Records that one question looks at before it says how far it came. */
const PATIENCE = 120_000;

/** Lines of long ago that exist only when they are looked at. */
export type Past = { count: number; make: (seq: number) => LogRecord };

export class FakeLogStore {
  records: LogRecord[] = [];
  dropped = 0;
  #next = 1;
  #past: Past = { count: 0, make: () => { throw new Error("nothing is past"); } };
  #pastLevels = [0, 0, 0, 0, 0, 0];

  append(record: Omit<LogRecord, "seq">): void {
    this.records.push({ seq: this.#next++, ...record });
    if (this.records.length > CAPACITY * 1.2) {
      this.dropped += this.records.length - CAPACITY;
      this.records = this.records.slice(-CAPACITY);
    }
  }

  /** Puts lines before all others; there must be none yet. */
  setPast(past: Past): void {
    this.#past = past;
    this.#next = past.count + 1;
    this.#pastLevels = [0, 0, past.count, 0, 0, 0];
  }

  query(query: LogQuery): LogPage {
    const fits = matcher(query.text);
    const least = query.min_level ? LEVELS.indexOf(query.min_level) : 0;
    const services = new Set(query.services);
    const timed = (query.since ?? null) !== null || (query.until ?? null) !== null;
    const plain = !query.text?.trim() && services.size === 0 && !timed;
    const inTime = ({ time }: LogRecord): boolean => time >= (query.since ?? -Infinity) && time < (query.until ?? Infinity);
    const wanted = (record: LogRecord): boolean => (services.size === 0 || services.has(record.service)) && inTime(record) && fits(record);
    const found = this.#walk(query, (record) => wanted(record) && LEVELS.indexOf(record.severity) >= least);
    const levels = plain ? [...this.#pastLevels] : [0, 0, 0, 0, 0, 0];
    const perService = new Map<string, number>();
    for (const record of this.records) {
      if (wanted(record)) levels[LEVELS.indexOf(record.severity)]! += 1;
      if (inTime(record)) perService.set(record.service, (perService.get(record.service) ?? 0) + 1);
    }
    const scanned = this.records.length * 160;
    const counts = query.text ? [] : [...perService].map(([service, records]) => ({ service, records }));
    return { ...found, newest: this.#next - 1, dropped: this.dropped, levels, services: counts, matched: found.complete && !found.more ? found.records.length : null, scanned_bytes: scanned };
  }

  histogram({ query, buckets }: LogsHistogramRequest): LogHistogram {
    const fits = matcher(query.text);
    const services = new Set(query.services);
    const least = query.min_level ? LEVELS.indexOf(query.min_level) : 0;
    const from = query.since ?? this.#at(0)?.time ?? 0;
    const to = Math.max(from + 1, query.until ?? (this.records.at(-1)?.time ?? from) + 1);
    const step = Math.max(1, Math.ceil((to - from) / Math.max(1, buckets)));
    const counts = Array.from({ length: Math.ceil((to - from) / step) }, () => [0, 0, 0, 0, 0, 0]);
    // Of the past a sample stands for its neighbours.
    const stride = Math.max(1, Math.floor(this.#past.count / 20_000));
    const note = (record: LogRecord, weight: number): void => {
      const level = LEVELS.indexOf(record.severity);
      const bucket = counts[Math.floor((record.time - from) / step)];
      if (bucket && level >= least && (services.size === 0 || services.has(record.service)) && fits(record)) bucket[level]! += weight;
    };
    for (let seq = 1; seq <= this.#past.count; seq += stride) note(this.#past.make(seq), stride);
    for (const record of this.records) note(record, 1);
    return { from, to: from + counts.length * step, step, counts, exact: stride === 1 };
  }

  context({ seq, before, after, same_service }: LogsContextRequest): LogPage {
    const hit = this.#at(this.#indexOf(seq));
    const service = same_service && hit ? hit.service : null;
    const fits = (record: LogRecord): boolean => service === null || record.service === service;
    const older = this.#walk({ before: seq, after: null, limit: before }, fits);
    const newer = this.#walk({ before: null, after: seq - 1, limit: after + 1 }, fits);
    return { ...this.query({ services: [], min_level: null, text: null, before: null, after: this.#next, limit: 1 }), records: [...older.records, ...newer.records], more: older.more || newer.more };
  }

  #walk({ before, after, limit }: Pick<LogQuery, "before" | "after" | "limit">, fits: (record: LogRecord) => boolean): Pick<LogPage, "records" | "more" | "complete" | "reached"> {
    const total = this.#past.count + this.records.length;
    const low = after === null ? 0 : this.#indexOf(after + 1);
    const high = before === null ? total : this.#indexOf(before);
    const forward = after !== null;
    const found: LogRecord[] = [];
    let seen = 0;
    let reached = forward ? this.#next - 1 : 0;
    for (; low + seen < high && found.length <= limit; seen++) {
      const record = this.#at(forward ? low + seen : high - 1 - seen) as LogRecord;
      if (seen >= PATIENCE) {
        reached = forward ? record.seq - 1 : record.seq + 1;
        break;
      }
      if (fits(record)) found.push(record);
    }
    const complete = seen < PATIENCE;
    const records = found.slice(0, limit);
    if (!forward) records.reverse();
    return { records, more: found.length > limit || !complete, complete, reached };
  }

  #at(index: number): LogRecord | undefined {
    return index < this.#past.count ? this.#past.make(index + 1) : this.records[index - this.#past.count];
  }

  /** The place of the first record from this number on. */
  #indexOf(seq: number): number {
    if (seq <= this.#past.count) return Math.max(0, seq - 1);
    const first = this.records[0]?.seq ?? this.#next;
    return this.#past.count + Math.min(this.records.length, Math.max(0, seq - first));
  }
}
