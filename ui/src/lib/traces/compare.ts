// Two traces side by side: what only one of them does, what got slower.
import type { Span } from "../bindings";
import { flameOf, type FlameNode } from "./flame";

export type Change = "only_first" | "only_second" | "slower" | "faster" | "same";
export type Side = { spans: number; errors: number; duration: number; self: number; longest: number };
export type CompareRow = { key: string; depth: number; service: string; name: string; first: Side | null; second: Side | null; change: Change; delta: number };

/** A difference counts from a tenth on, and from so many nanoseconds. */
const SHARE = 0.1;
const LEAST_NS = 100_000;

/** Both traces by span path, in the order of the first; what only the second has comes after its siblings. */
export function compareTraces(first: readonly Span[], second: readonly Span[]): CompareRow[] {
  const rows: CompareRow[] = [];
  const walk = (one: FlameNode | null, other: FlameNode | null, depth: number): void => {
    const names = new Map<string, [FlameNode | null, FlameNode | null]>();
    for (const child of one?.children ?? []) names.set(nameOf(child), [child, null]);
    for (const child of other?.children ?? []) names.set(nameOf(child), [names.get(nameOf(child))?.[0] ?? null, child]);
    for (const [left, right] of names.values()) {
      rows.push(rowOf(left, right, depth));
      walk(left, right, depth + 1);
    }
  };
  walk(flameOf(first), flameOf(second), 0);
  return rows;
}

function nameOf({ service, name }: FlameNode): string {
  return `${service}\n${name}`;
}

function rowOf(one: FlameNode | null, other: FlameNode | null, depth: number): CompareRow {
  const node = (one ?? other) as FlameNode;
  const delta = (other?.duration ?? 0) - (one?.duration ?? 0);
  return { key: `${one?.id ?? ""}:${other?.id ?? ""}`, depth, service: node.service, name: node.name, first: sideOf(one), second: sideOf(other), delta, change: changeOf(one, other, delta) };
}

function sideOf(node: FlameNode | null): Side | null {
  return node && { spans: node.spans, errors: node.errors, duration: node.duration, self: node.self, longest: node.longest };
}

function changeOf(one: FlameNode | null, other: FlameNode | null, delta: number): Change {
  if (!one) return "only_second";
  if (!other) return "only_first";
  if (Math.abs(delta) < Math.max(LEAST_NS, one.duration * SHARE)) return "same";
  return delta > 0 ? "slower" : "faster";
}

/** How many rows differ in which way. */
export function countChanges(rows: readonly CompareRow[]): Record<Change, number> {
  const counts: Record<Change, number> = { only_first: 0, only_second: 0, slower: 0, faster: 0, same: 0 };
  for (const { change } of rows) counts[change] += 1;
  return counts;
}
