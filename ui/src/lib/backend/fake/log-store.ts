// The simulated engine's memory of log lines and its answer to log questions.
import type { Level, LogPage, LogQuery, LogRecord } from "../../bindings";

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
    return { records, newest: this.#next - 1, more: found.length > records.length, dropped: this.dropped, levels };
  }
}
