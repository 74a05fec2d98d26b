// What is said of a run's telemetry that went to a file or came from one.
import type { SignalCounts, TelemetryExported, TelemetryImported } from "../bindings";
import { countOf, formatBytes } from "../format/amount";
import { stampedName } from "../format/file-name";

/** One request of OTLP in JSON on each line. */
export const EXTENSION = "jsonl";

export type Said = { tone: "info" | "Degraded"; title: string; text: string };

/** A name for the file, by the time at which the run began: `shop-telemetry-20261122-1405.jsonl`. */
export function telemetryName(environment: string, started: number): string {
  return stampedName(environment, "telemetry", new Date(started), EXTENSION);
}

/** All three counts: `8,421 spans, 1 metric point, 0 log records`. */
export function countsText({ spans, points, logs }: SignalCounts): string {
  return `${countOf(spans, "span")}, ${countOf(points, "metric point")}, ${countOf(logs, "log record")}`;
}

function isNothing({ spans, points, logs }: SignalCounts): boolean {
  return spans + points + logs === 0;
}

export function exportedText({ counts, bytes, path }: TelemetryExported): Said {
  if (isNothing(counts)) return { tone: "Degraded", title: "This run has no telemetry", text: `An empty file was written: ${path}` };
  return { tone: "info", title: "Telemetry exported", text: `${countsText(counts)}; ${formatBytes(bytes)} in ${path}` };
}

export function importedText({ counts, rejected }: TelemetryImported): Said {
  if (isNothing(rejected)) return { tone: "info", title: "Imported as a run of its own", text: countsText(counts) };
  return { tone: "Degraded", title: "Imported in part, as a run of its own", text: `${countsText(counts)}. Left out, because they are not valid: ${countsText(rejected)}` };
}
