// Log lines as text for the clipboard.
import type { LogRecord } from "../bindings";
import { stripAnsi } from "./ansi";

/** One line: time, service, level, text. */
export function lineOf(record: LogRecord): string {
  return `${new Date(record.time).toISOString()} ${record.service} ${record.severity.toUpperCase()} ${stripAnsi(record.body)}`;
}

export function linesOf(records: readonly LogRecord[]): string {
  return records.map(lineOf).join("\n");
}
