// The filtered set as a file, where the page itself must collect it: in a browser.
import type { ExportFormat, LogPage, LogQuery, LogRecord } from "../bindings";
import { lineOf } from "./copy";

/** What a page may hold of it at once, in letters. */
export const MOST_LETTERS = 200_000_000;
const PAGE = 5_000;

export type Collected = { parts: string[]; records: number; cut: boolean };

/** Asks for page after page, oldest first, until the end or the limit. */
export async function collect(ask: (query: LogQuery) => Promise<LogPage>, query: LogQuery, format: ExportFormat, most = MOST_LETTERS): Promise<Collected> {
  const parts: string[] = [];
  let records = 0;
  let letters = 0;
  for (let after = 0; ; ) {
    const page = await ask({ ...query, before: null, after, limit: PAGE });
    const text = page.records.map((record) => `${formatRecord(record, format)}\n`).join("");
    if (letters + text.length > most) return { parts, records, cut: true };
    parts.push(text);
    letters += text.length;
    records += page.records.length;
    if (!page.more) return { parts, records, cut: false };
    const next = page.complete ? (page.records.at(-1)?.seq ?? page.newest) : page.reached;
    if (next <= after) return { parts, records, cut: true };
    after = next;
  }
}

export function formatRecord(record: LogRecord, format: ExportFormat): string {
  return format === "text" ? lineOf(record) : JSON.stringify(record);
}

/** A name for the file: `shop-logs-2026-11-22-1403.txt`. */
export function exportName(environment: string, format: ExportFormat, now: number): string {
  const stamp = new Date(now).toISOString().slice(0, 16).replace("T", "-").replace(":", "");
  return `${environment.replace(/[^\w.-]+/g, "-")}-logs-${stamp}.${format === "text" ? "txt" : "ndjson"}`;
}
