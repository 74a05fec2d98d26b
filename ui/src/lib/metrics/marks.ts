// What happened during the run, as lines across every chart.
import type { RunMark, RunMarkKind } from "../bindings";

export const MARKS: Record<RunMarkKind, { word: string; token: string }> = {
  crash: { word: "crash", token: "--unhealthy" },
  alert: { word: "alert", token: "--degraded" },
  restart: { word: "restart", token: "--starting" },
  rebuild: { word: "rebuild", token: "--starting" },
  start: { word: "start", token: "--healthy" },
  stop: { word: "stop", token: "--stopped" },
};
const WEIGHT: readonly RunMarkKind[] = ["crash", "alert", "rebuild", "restart", "stop", "start"];

export type MarkGroup = { at: number; kind: RunMarkKind; label: string; marks: RunMark[] };

/** Marks that would stand on one another become one, named after the gravest. */
export function groupMarks(marks: readonly RunMark[], millisPerPixel: number, reach = 34): MarkGroup[] {
  const groups: MarkGroup[] = [];
  for (const mark of marks.toSorted((one, other) => one.at - other.at)) {
    const last = groups.at(-1);
    if (last && mark.at - last.at <= reach * millisPerPixel) last.marks.push(mark);
    else groups.push({ at: mark.at, kind: mark.kind, label: "", marks: [mark] });
  }
  return groups.map((group) => {
    const kind = WEIGHT.find((candidate) => group.marks.some((mark) => mark.kind === candidate)) ?? group.kind;
    const first = group.marks.find((mark) => mark.kind === kind) as RunMark;
    const more = group.marks.length - 1;
    return { ...group, at: first.at, kind, label: `${MARKS[kind].word}${first.service ? ` ${first.service}` : ""}${more ? ` +${more}` : ""}` };
  });
}

/** The marks of a few services; those of the environment stay. */
export function marksOf(marks: readonly RunMark[], services: readonly string[]): RunMark[] {
  return services.length === 0 ? [...marks] : marks.filter(({ service }) => service === "" || services.includes(service));
}
