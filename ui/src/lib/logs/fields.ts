// The named values of a record: its own and those found in its text.
import type { LogRecord, Mark } from "../bindings";

export type Field = { key: string; value: string };

/** Those that every record has, as the search language names them. */
export function ownFields(record: LogRecord): Field[] {
  return [
    { key: "level", value: record.severity },
    { key: "service", value: record.service },
    { key: "stream", value: record.stream },
    { key: "generation", value: String(record.generation) },
    { key: "trace_id", value: record.trace_id ?? "" },
    { key: "span_id", value: record.span_id ?? "" },
  ].filter(({ value }) => value !== "");
}

export function foundFields(record: LogRecord): Field[] {
  return Object.entries(record.attributes ?? {}).map(([key, value]) => ({ key, value }));
}

export function valueOf(record: LogRecord, key: string): string {
  return record.attributes?.[key] ?? ownFields(record).find((field) => field.key === key)?.value ?? "";
}

/** Names of fields among these records, the most frequent first. */
export function knownFields(records: readonly LogRecord[], most = 24): string[] {
  const counts = new Map<string, number>();
  for (const record of records) for (const key in record.attributes) counts.set(key, (counts.get(key) ?? 0) + 1);
  const named = [...counts].toSorted(([one, count], [other, otherCount]) => otherCount - count || one.localeCompare(other)).map(([key]) => key);
  return [...named.slice(0, most), "stream", "generation", "trace_id"];
}

/** What was done to a line, for people. */
export const MARKS: Record<Mark, { word: string; meaning: string }> = {
  truncated: { word: "cut", meaning: "It was longer: the rest was left out, or follows as further lines" },
  invalid_utf8: { word: "bytes", meaning: "It had bytes that are no text; each is shown as �" },
  binary: { word: "binary", meaning: "It had control characters; each is shown as �" },
  gap: { word: "gap", meaning: "Lines before this one are missing" },
  joined: { word: "joined", meaning: "Several lines, such as a stack trace, are one record" },
};
