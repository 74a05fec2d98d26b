// What the verdicts of an examination look like, and the report as text.
import type { DoctorCheck, DoctorGroup, DoctorReport, DoctorState, Status } from "../bindings";

export const GROUPS: readonly { group: DoctorGroup; heading: string }[] = [
  { group: "runtime", heading: "Container runtime" },
  { group: "machine", heading: "This machine" },
  { group: "network", heading: "Network" },
  { group: "environment", heading: "Environment" },
  { group: "leftovers", heading: "Leftovers" },
  { group: "benchtop", heading: "Benchtop" },
];

/** The word of a verdict, and the status whose shape and colour it borrows. */
export const VERDICTS: Record<DoctorState, { word: string; status: Status }> = {
  pass: { word: "Pass", status: "Healthy" },
  warn: { word: "Warning", status: "Degraded" },
  fail: { word: "Fail", status: "Unhealthy" },
  skipped: { word: "Skipped", status: "Stopped" },
};

const needsAttention = ({ state }: DoctorCheck): boolean => state === "fail" || state === "warn";

export type DoctorSection = { id: string; heading: string; checks: DoctorCheck[] };

/** What a person must look at first, whatever its group; the rest under its heading. */
export function sectionsOf(report: DoctorReport): DoctorSection[] {
  const wrong = report.checks.filter(needsAttention).toSorted((one, other) => Number(other.state === "fail") - Number(one.state === "fail"));
  const rest = GROUPS.map(({ group, heading }) => ({ id: group, heading, checks: checksOf(report, group).filter((check) => !needsAttention(check)) }));
  return [{ id: "attention", heading: "Needs attention", checks: wrong }, ...rest].filter(({ checks }) => checks.length > 0);
}

function checksOf(report: DoctorReport, group: DoctorGroup): DoctorCheck[] {
  return report.checks.filter((check) => check.group === group);
}

/** One sentence over all: what there is to do. */
export function summary(report: DoctorReport): string {
  const { failed, warned, passed, skipped } = report.metrics;
  const rest = skipped ? `; ${skipped} could not be looked at` : "";
  if (failed) return `${count(failed, "thing does not work", "things do not work")}${warned ? `, ${warned} with a reservation` : ""}${rest}`;
  if (warned) return `${count(warned, "thing works", "things work")} with a reservation${rest}`;
  return `All ${passed} checks pass${rest}`;
}

function count(number: number, one: string, several: string): string {
  return number === 1 ? `1 ${one}` : `${number} ${several}`;
}

/** The report as `benchtop doctor` prints it. */
export function reportText(report: DoctorReport): string {
  const groups = GROUPS.map(({ group, heading }) => ({ heading, checks: checksOf(report, group) })).filter(({ checks }) => checks.length);
  const { passed, warned, failed, skipped } = report.metrics;
  const counts = `${passed} passed, ${warned} warned, ${failed} failed, ${skipped} skipped`;
  return [...groups.map(({ heading, checks }) => `${heading}\n${checks.map(checkText).join("\n")}\n`), counts, ""].join("\n");
}

function checkText(check: DoctorCheck): string {
  const lines = [`  ${VERDICTS[check.state].word.padEnd(7)}  ${check.title}: ${check.reason}`];
  if (check.fix) lines.push(`           fix: ${check.fix}`);
  // What is in order needs no evidence.
  if (needsAttention(check)) for (const [name, value] of check.details) lines.push(`           ${name}: ${value}`);
  return lines.join("\n");
}
