// What one probe answered over time, as parts of a strip, and how fast.
import type { AnswerSpan, Verdict } from "../bindings";
import { formatLatency, formatTime } from "../format/duration";

/** Where a span lies, in percent of the strip. */
export type StripPart = { span: AnswerSpan; left: number; width: number };

export function partsOf(spans: readonly AnswerSpan[], from: number, to: number): StripPart[] {
  const length = Math.max(1, to - from);
  return spans.map((span) => ({ span, left: ((span.from - from) / length) * 100, width: ((span.to - span.from) / length) * 100 }));
}

/** The part at a place, or the nearest one; -1 where there is none. */
export function partAt(parts: readonly StripPart[], place: number): number {
  const distance = ({ left, width }: StripPart): number => Math.max(left - place, place - left - width, 0);
  let best = -1;
  parts.forEach((part, index) => {
    const rival = parts[best];
    if (rival === undefined || distance(part) < distance(rival)) best = index;
  });
  return best;
}

export const VERDICT_WORDS: Record<Verdict, string> = { pass: "passes", warn: "warns", fail: "fails" };

/** `14:03:22 to 14:05:10: fails 12 times, 3.1 ms: connection refused`. */
export function describe(span: AnswerSpan): string {
  const times = span.count === 1 ? "once" : `${span.count} times`;
  const when = span.to - span.from < 1_000 ? formatTime(span.from) : `${formatTime(span.from)} to ${formatTime(span.to)}`;
  return `${when}: ${VERDICT_WORDS[span.verdict]} ${times}, ${formatLatency(span.mean_us)}${span.text ? `: ${span.text}` : ""}`;
}

/** A curve with gaps where nothing is known. */
export function curve(points: readonly (number | null)[], width: number, height: number): string {
  const peak = Math.max(1, ...points.map((point) => point ?? 0));
  const step = width / Math.max(1, points.length - 1);
  let pen = "M";
  let path = "";
  points.forEach((point, index) => {
    if (point === null) {
      pen = "M";
      return;
    }
    const [x, y] = [Math.round(index * step * 10) / 10, Math.round((height - 1 - (point / peak) * (height - 2)) * 10) / 10];
    // A point alone is a short line, or it would not be seen.
    path += pen === "M" ? `M${x} ${y}l0.1 0` : `L${x} ${y}`;
    pen = "L";
  });
  return path;
}
