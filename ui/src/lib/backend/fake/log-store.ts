// The simulated engine's memory of log lines and its answer to log questions.
import type { Level, LogHistogram, LogPage, LogQuery, LogRecord } from "../../bindings";

const CAPACITY = 30_000;
const ORDER: readonly Level[] = ["trace", "debug", "info", "warn", "error", "fatal"];

export class FakeLogStore {
  records: LogRecord[] = [];
  dropped = 0;
  #next = 1;

  append(record: Omit<LogRecord, "seq">): void {
    this.records.push({ seq: this.#next++, ...record });
    if (this.records.length > CAPACITY * 1.2) {
      this.dropped += this.records.length - CAPACITY;
      this.records = this.records.slice(-CAPACITY);
    }
  }

  query(query: LogQuery): LogPage {
    const services = new Set(query.services);
    const text = query.text?.toLowerCase() ?? "";
    const least = query.min_level ? ORDER.indexOf(query.min_level) : 0;
    const levels = [0, 0, 0, 0, 0, 0];
    const found: LogRecord[] = [];
    for (const record of this.records) {
      if (services.size && !services.has(record.service)) continue;
      if (text && !record.body.toLowerCase().includes(text)) continue;
      const level = ORDER.indexOf(record.severity);
      levels[level] = (levels[level] ?? 0) + 1;
      if (level < least) continue;
      if (query.before !== null && record.seq >= query.before) continue;
      if (query.after !== null && record.seq <= query.after) continue;
      found.push(record);
    }
    const forward = query.after !== null;
    const records = forward ? found.slice(0, query.limit) : found.slice(-query.limit);
    const far = forward ? records.at(-1)?.seq : records[0]?.seq;
    return {
      records,
      newest: this.#next - 1,
      more: found.length > records.length,
      dropped: this.dropped,
      levels,
      services: [],
      matched: levels.slice(least).reduce((sum, count) => sum + count, 0),
      complete: true,
      reached: far ?? 0,
      scanned_bytes: 0,
    };
  }

  histogram(query: LogQuery, buckets: number): LogHistogram {
    const { records } = this.query({ ...query, before: null, after: null, limit: CAPACITY * 2 });
    const from = query.since ?? records[0]?.time ?? 0;
    const to = query.until ?? (records.at(-1)?.time ?? 0) + 1;
    const step = Math.max(1, Math.ceil((to - from) / Math.max(1, buckets)));
    const counts = Array.from({ length: Math.max(1, Math.ceil((to - from) / step)) }, () => [0, 0, 0, 0, 0, 0]);
    for (const record of records) {
      const bucket = counts[Math.floor((record.time - from) / step)];
      const level = ORDER.indexOf(record.severity);
      if (bucket) bucket[level] = (bucket[level] ?? 0) + 1;
    }
    return { from, to: from + counts.length * step, step, counts, exact: true };
  }

  context(seq: number, before: number, after: number, sameService: boolean): LogPage {
    const found = this.records.find((record) => record.seq === seq);
    const services = sameService && found ? [found.service] : [];
    const base: LogQuery = { services, min_level: null, text: null, before: null, after: null, limit: 0 };
    const earlier = this.query({ ...base, before: seq + 1, limit: before + 1 });
    const later = this.query({ ...base, after: seq, limit: after });
    return { ...earlier, records: [...earlier.records, ...later.records] };
  }
}
