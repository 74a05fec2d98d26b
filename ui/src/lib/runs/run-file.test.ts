// The words about a run as a file, and about the machine it was on.
import { expect, it } from "vitest";
import type { Run } from "../bindings";
import { exportedRunText, hostText, importedRunText, runFileName } from "./run-file";

const counts = { spans: 12, points: 1, logs: 0 };
const run = { name: "shop" } as Run;

it("names the file by the environment and the run's begin", () => {
  expect(runFileName("shop", new Date(2026, 10, 2, 9, 5).getTime())).toBe("shop-run-20261102-0905.benchtop-run");
});
it("says what was written, and what was taken out", () => {
  const done = { run, counts, bytes: 2_048, path: "/p/x.benchtop-run", masked: [] };
  expect(exportedRunText(done).text).toBe("2.00 KB with 12 spans, 1 metric point, 0 log records in /p/x.benchtop-run");
  expect(exportedRunText({ ...done, masked: ["PG_PASSWORD"] }).text).toMatch(/Masked: the values of PG_PASSWORD$/);
});
it("names the run that came", () => {
  expect(importedRunText({ run, counts })).toMatchObject({ title: "Run of shop imported" });
});
it("leaves out what the system did not tell", () => {
  expect(hostText({ system: "", kernel: "", architecture: "x86_64", cpus: 1, memory: 1_073_741_824, benchtop: "0.1.0" })).toBe("x86_64, 1 processor, 1.00 GB, Benchtop 0.1.0");
});
