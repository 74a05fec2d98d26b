// What counts as a repeat.
import { expect, it } from "vitest";
import type { LogRecord } from "../bindings";
import { collapse } from "./collapse";

let seq = 0;
const line = (service: string, body: string, severity: LogRecord["severity"] = "info"): LogRecord => ({ seq: ++seq, time: seq, service, generation: 1, stream: "stdout", severity, body });
const shown = (records: LogRecord[]): string[] => collapse(records).map(({ record, count }) => `${record.service} ${record.body} ×${count}`);

it("puts repeats of a service together, whatever others say between them", () => {
  expect(shown([line("a", "retry"), line("b", "x"), line("a", "retry"), line("a", "retry"), line("a", "done"), line("a", "retry")])).toEqual(["a retry ×3", "b x ×1", "a done ×1", "a retry ×1"]);
});
it("does not mind times and colours, but all else", () => {
  expect(shown([line("a", "2026-11-22T10:00:01Z up 1"), line("a", "\u001b[32m2026-11-22T10:00:02.5Z\u001b[0m up 1"), line("a", "2026-11-22T10:00:02Z up 2")])).toHaveLength(2);
  expect(shown([line("a", "x"), line("a", "x", "error")])).toHaveLength(2);
});
it("knows the last of them", () => {
  const last = line("a", "x");
  expect(collapse([line("a", "x"), last])[0]?.last).toBe(last);
});
