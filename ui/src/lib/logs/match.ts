// Where a searched text lies, and a line cut into stretches that are styled and
// marked.
import type { Span } from "./ansi";

export type Range = { from: number; to: number };
export type Piece = Span & { match: boolean };

/** Every place of `needle`, without regard to case. */
export function findMatches(text: string, needle: string): Range[] {
  const ranges: Range[] = [];
  if (needle === "") return ranges;
  const haystack = text.toLowerCase();
  // Lowering case can change the length of rare letters; such a line stays unmarked.
  if (haystack.length !== text.length) return ranges;
  const wanted = needle.toLowerCase();
  for (let at = haystack.indexOf(wanted); at >= 0; at = haystack.indexOf(wanted, at + wanted.length))
    ranges.push({ from: at, to: at + wanted.length });
  return ranges;
}

/** Every place of any of these texts and patterns, none overlapping another. */
export function findAll(text: string, marks: readonly (string | RegExp)[]): Range[] {
  const found = marks.flatMap((mark) => (typeof mark === "string" ? findMatches(text, mark) : patternMatches(text, mark)));
  if (marks.length < 2) return found;
  const ranges: Range[] = [];
  for (const range of found.toSorted((one, other) => one.from - other.from)) {
    const last = ranges.at(-1);
    if (last && range.from <= last.to) last.to = Math.max(last.to, range.to);
    else ranges.push({ ...range });
  }
  return ranges;
}

function patternMatches(text: string, pattern: RegExp): Range[] {
  return [...text.matchAll(pattern)].filter(([all]) => all.length > 0).map((match) => ({ from: match.index, to: match.index + match[0].length }));
}

/** Styled stretches cut at the borders of matches. */
export function cutAtMatches(spans: readonly Span[], ranges: readonly Range[]): Piece[] {
  if (ranges.length === 0) return spans.map((span) => ({ ...span, match: false }));
  const pieces: Piece[] = [];
  let offset = 0;
  let next = 0;
  for (const span of spans) {
    let at = 0;
    while (at < span.text.length) {
      while (next < ranges.length && (ranges[next] as Range).to <= offset + at) next += 1;
      const range = ranges[next];
      const inside = range !== undefined && range.from <= offset + at;
      const end = range === undefined ? span.text.length : Math.min(span.text.length, (inside ? range.to : range.from) - offset);
      pieces.push({ ...span, text: span.text.slice(at, end), match: inside });
      at = end;
    }
    offset += span.text.length;
  }
  return pieces;
}
