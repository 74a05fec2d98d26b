// The words of the Doctor panel: sections, summary, and the report as text.
import { expect, it } from "vitest";
import type { DoctorCheck, DoctorReport } from "../bindings";
import { reportText, sectionsOf, summary } from "./report";

const check = (part: Partial<DoctorCheck>): DoctorCheck => ({ id: "a", group: "network", title: "Loopback ::1", state: "pass", reason: "connects to itself", fix: null, details: [["address", "::1"]], action: null, ...part });
const report = (checks: DoctorCheck[]): DoctorReport => {
  const of = (state: string): number => checks.filter((one) => one.state === state).length;
  return { status: "pass", metrics: { passed: of("pass"), warned: of("warn"), failed: of("fail"), skipped: of("skipped") }, checks, took: 5, at: 0 };
};

it("says in one sentence what there is to do", () => {
  expect(summary(report([check({}), check({})]))).toBe("All 2 checks pass");
  expect(summary(report([check({ state: "warn" }), check({})]))).toBe("1 thing works with a reservation");
  expect(summary(report([check({ state: "fail" }), check({ state: "fail" }), check({ state: "warn" }), check({ state: "skipped" })]))).toBe("2 things do not work, 1 with a reservation; 1 could not be looked at");
});

it("puts what needs attention first, failures before warnings, and everything else under its heading", () => {
  const sections = sectionsOf(report([check({ id: "well" }), check({ id: "odd", state: "warn" }), check({ id: "bad", state: "fail", group: "benchtop" }), check({ id: "unknown", state: "skipped", group: "machine" })]));
  expect(sections.map(({ id, checks }) => [id, ...checks.map((one) => one.id)])).toEqual([["attention", "bad", "odd"], ["machine", "unknown"], ["network", "well"]]);
});

it("writes the report as text, with evidence for what is not in order only", () => {
  const text = reportText(report([check({}), check({ group: "runtime", title: "Clock", state: "warn", reason: "it is late", fix: "set it", details: [["difference", "5 s"]] })]));
  expect(text).toBe("Container runtime\n  Warning  Clock: it is late\n           fix: set it\n           difference: 5 s\n\nNetwork\n  Pass     Loopback ::1: connects to itself\n\n1 passed, 1 warned, 0 failed, 0 skipped\n");
});
