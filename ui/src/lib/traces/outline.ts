// The spans of a trace as rows: what hides behind what, without an object per row.
import type { Span } from "../bindings";

/** Where each span's subtree ends and who its parent is, by place in display order. */
export type Outline = { ends: Int32Array; parents: Int32Array };

export const NO_PARENT = -1;

/** Reads the tree from the depths alone: what the engine sends has its cycles cut and its orphans placed. */
export function outlineOf(spans: readonly Span[]): Outline {
  const ends = new Int32Array(spans.length);
  const parents = new Int32Array(spans.length);
  const open: number[] = [];
  spans.forEach(({ depth }, index) => {
    while (open.length > 0 && (spans[open.at(-1) as number] as Span).depth >= depth) ends[open.pop() as number] = index;
    parents[index] = open.at(-1) ?? NO_PARENT;
    open.push(index);
  });
  for (const index of open) ends[index] = spans.length;
  return { ends, parents };
}

export function hasChildren({ ends }: Outline, index: number): boolean {
  return (ends[index] ?? 0) > index + 1;
}

/** The places that are shown, in order; what is collapsed hides everything below it. */
export function visibleRows(spans: readonly Span[], outline: Outline, collapsed: ReadonlySet<string>, root = NO_PARENT): Int32Array {
  const rows = new Int32Array(spans.length);
  const end = root === NO_PARENT ? spans.length : (outline.ends[root] as number);
  let count = 0;
  for (let index = Math.max(0, root); index < end; ) {
    rows[count++] = index;
    const hides = collapsed.size > 0 && hasChildren(outline, index) && collapsed.has((spans[index] as Span).id);
    index = hides ? (outline.ends[index] as number) : index + 1;
  }
  return rows.slice(0, count);
}

/** All that has children at this depth or deeper: collapsing them leaves so many levels. */
export function collapsedBelow(spans: readonly Span[], outline: Outline, depth: number): Set<string> {
  const collapsed = new Set<string>();
  spans.forEach((span, index) => { if (span.depth >= depth && hasChildren(outline, index)) collapsed.add(span.id); });
  return collapsed;
}

/** The set without what hides a place. */
export function revealing(spans: readonly Span[], { parents }: Outline, collapsed: ReadonlySet<string>, index: number): ReadonlySet<string> {
  const next = new Set(collapsed);
  for (let above = parents[index] ?? NO_PARENT; above !== NO_PARENT; above = parents[above] ?? NO_PARENT) next.delete((spans[above] as Span).id);
  return next.size === collapsed.size ? collapsed : next;
}

/** The first row at or after a place. */
export function rowOf(rows: Int32Array, index: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as number) < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The next of some sorted places on a side, going round; -1 where there is none. */
export function nextPlace(places: readonly number[], from: number, step: 1 | -1): number {
  if (places.length === 0) return -1;
  if (step === 1) return places.find((place) => place > from) ?? (places[0] as number);
  return places.findLast((place) => place < from) ?? (places.at(-1) as number);
}

/** How many errors lie below each span, for rows that hide them. */
export function errorsBelow(spans: readonly Span[], { parents }: Outline): Int32Array {
  const counts = new Int32Array(spans.length);
  for (let index = spans.length - 1; index >= 0; index--) {
    const above = parents[index] as number;
    if (above !== NO_PARENT) counts[above] = (counts[above] as number) + (counts[index] as number) + (spans[index]?.status === "error" ? 1 : 0);
  }
  return counts;
}
