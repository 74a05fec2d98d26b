// The words about a run's telemetry as a file, and the file's name.
import { expect, it } from "vitest";
import { exportedText, importedText, telemetryName } from "./transfer";

const counts = { spans: 8_421, points: 1, logs: 0 };
const none = { spans: 0, points: 0, logs: 0 };

it("names the file by the environment and the run's begin", () => {
  expect(telemetryName("Größe & Co", new Date(2026, 10, 2, 9, 5).getTime())).toBe("Größe-Co-telemetry-20261102-0905.jsonl");
});
it("says what was written and where", () => {
  expect(exportedText({ counts, bytes: 9_412_608, path: "/p/x.jsonl" })).toEqual({ tone: "info", title: "Telemetry exported", text: "8,421 spans, 1 metric point, 0 log records; 8.98 MB in /p/x.jsonl" });
});
it("does not call an empty file a success", () => {
  expect(exportedText({ counts: none, bytes: 0, path: "/p/x.jsonl" })).toMatchObject({ tone: "Degraded", title: "This run has no telemetry" });
});
it("says what an import left out", () => {
  expect(importedText({ run: "r", counts, rejected: none })).toMatchObject({ tone: "info", text: "8,421 spans, 1 metric point, 0 log records" });
  expect(importedText({ run: "r", counts, rejected: { ...none, spans: 2 } })).toMatchObject({ tone: "Degraded", text: expect.stringMatching(/not valid: 2 spans/) as string });
});
