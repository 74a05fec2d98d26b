// Spans of the same path put together: the flame graph, and the ground on which two
// traces are compared.
import type { Span } from "../bindings";
import { NO_PARENT, outlineOf } from "./outline";

/** All spans of one service and name below the same path. */
export type FlameNode = {
  id: number;
  service: string;
  name: string;
  depth: number;
  parent: FlameNode | null;
  children: FlameNode[];
  spans: number;
  errors: number;
  /** Own times of its spans. */
  self: number;
  /** Own time and that of everything below: work in parallel counts in full. */
  total: number;
  /** Durations of its spans, waiting for children included. */
  duration: number;
  /** Place of the longest of its spans. */
  longest: number;
};

export function flameOf(spans: readonly Span[]): FlameNode {
  const root: FlameNode = { id: 0, service: "", name: "", depth: 0, parent: null, children: [], spans: 0, errors: 0, self: 0, total: 0, duration: 0, longest: 0 };
  const { parents } = outlineOf(spans);
  const nodes: FlameNode[] = [];
  const known = new Map<string, FlameNode>();
  const all = [root];
  spans.forEach((span, index) => {
    const above = parents[index] === NO_PARENT ? root : (nodes[parents[index] as number] as FlameNode);
    const key = `${above.id}\n${span.service}\n${span.name}`;
    let node = known.get(key);
    if (!node) {
      node = { id: all.length, service: span.service, name: span.name, depth: above.depth + 1, parent: above, children: [], spans: 0, errors: 0, self: 0, total: 0, duration: 0, longest: index };
      known.set(key, node);
      above.children.push(node);
      all.push(node);
    }
    add(node, span, index, spans);
    nodes.push(node);
  });
  for (const node of all.toReversed()) {
    node.total += node.self;
    if (node.parent) node.parent.total += node.total;
    node.children.sort((one, other) => other.total - one.total);
  }
  return root;
}

function add(node: FlameNode, span: Span, index: number, spans: readonly Span[]): void {
  node.spans += 1;
  if (span.status === "error") node.errors += 1;
  node.self += Math.max(0, span.self_ns);
  node.duration += span.duration_ns;
  if (span.duration_ns > (spans[node.longest] as Span).duration_ns) node.longest = index;
}

/** A box of the drawing: place and width from 0 to 1 of the whole. */
export type FlameBox = { node: FlameNode; x: number; width: number; row: number };

/** The boxes below a node and the way to it, those that are too thin to see left out. */
export function flameBoxes(focus: FlameNode, least: number): FlameBox[] {
  const boxes: FlameBox[] = [];
  const way = pathOf(focus);
  way.forEach((node, row) => boxes.push({ node, x: 0, width: 1, row }));
  const whole = Math.max(1, focus.total);
  const below = (node: FlameNode, x: number, row: number): void => {
    let at = x;
    for (const child of node.children) {
      const width = child.total / whole;
      if (width >= least) {
        boxes.push({ node: child, x: at, width, row });
        below(child, at, row + 1);
      }
      at += width;
    }
  };
  below(focus, 0, way.length);
  return boxes;
}

/** From the top to a node, both included, without the root that stands for all. */
export function pathOf(node: FlameNode): FlameNode[] {
  const path: FlameNode[] = [];
  for (let at: FlameNode | null = node; at?.parent; at = at.parent) path.unshift(at);
  return path;
}

/** Where the keys lead from a node: up, down to the widest, to the next and the one before. */
export function neighbour(node: FlameNode, key: string): FlameNode | null {
  const siblings = node.parent?.children ?? [];
  switch (key) {
    case "ArrowUp": return node.parent?.parent ? node.parent : null;
    case "ArrowDown": return node.children[0] ?? null;
    case "ArrowRight": return siblings[siblings.indexOf(node) + 1] ?? null;
    case "ArrowLeft": return siblings[siblings.indexOf(node) - 1] ?? null;
    default: return null;
  }
}
