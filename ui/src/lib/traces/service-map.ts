// The map of services: places for its nodes, ways for its edges, and in what the calls
// differ from what was declared.
import { Graph, layout } from "@dagrejs/dagre";
import type { MapEdge, MapNode, ServiceMap } from "../bindings";

export type Point = { x: number; y: number };
export type PlacedNode = MapNode & { x: number; y: number };
export type PlacedEdge = MapEdge & { key: string; path: string; middle: Point; difference: Difference };
export type MapPlan = { nodes: PlacedNode[]; edges: PlacedEdge[]; width: number; height: number };

/** Called and declared, or only one of both. */
export type Difference = "none" | "never_called" | "not_declared";

export const NODE = { width: 200, height: 56 };
export const DIFFERENCES: Record<Difference, { word: string; meaning: string }> = {
  none: { word: "", meaning: "Declared and called" },
  never_called: { word: "never called", meaning: "Declared in the environment file, but no span shows a call" },
  not_declared: { word: "not declared", meaning: "Called, but the environment file has no reference for it" },
};

export function differenceOf({ declared, observed }: MapEdge): Difference {
  return declared && observed ? "none" : observed ? "not_declared" : "never_called";
}

export function planOf(map: ServiceMap): MapPlan {
  const graph = new Graph({ multigraph: false });
  graph.setGraph({ rankdir: "LR", nodesep: 26, ranksep: 26, marginx: 20, marginy: 20 });
  graph.setDefaultEdgeLabel(() => ({}));
  const known = new Set(map.nodes.map(({ service }) => service));
  for (const { service } of map.nodes) graph.setNode(service, { ...NODE });
  const edges = map.edges.filter(({ from, to }) => known.has(from) && known.has(to));
  for (const { from, to } of edges) graph.setEdge(from, to, { width: 84, height: 34, labelpos: "c" });
  layout(graph);
  const size = graph.graph();
  return {
    nodes: map.nodes.map((node) => ({ ...node, ...placeOf(graph.node(node.service)) })),
    edges: edges.map((edge) => placedEdge(edge, graph.edge(edge.from, edge.to), placeOf(graph.node(edge.from)), placeOf(graph.node(edge.to)))),
    width: Math.max(NODE.width, size.width ?? 0),
    height: Math.max(NODE.height, size.height ?? 0),
  };
}

function placeOf(node: { x?: number; y?: number } | undefined): Point {
  return { x: node?.x ?? 0, y: node?.y ?? 0 };
}

function placedEdge(edge: MapEdge, laid: { points?: Point[]; x?: number; y?: number } | undefined, from: Point, to: Point): PlacedEdge {
  const points = laid?.points ?? [];
  const middle = laid?.x !== undefined && laid.y !== undefined ? { x: laid.x, y: laid.y } : (points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 });
  return { ...edge, key: `${edge.from}\n${edge.to}`, path: smooth(sided(points, from, to)), middle, difference: differenceOf(edge) };
}

/** From the side of one node to the side of the other, where they stand side by side. */
function sided(points: readonly Point[], from: Point, to: Point): Point[] {
  const way = Math.sign(to.x - from.x);
  if (Math.abs(to.x - from.x) < NODE.width) return [...points];
  const [left, right] = [{ x: from.x + way * (NODE.width / 2), y: from.y }, { x: to.x - way * (NODE.width / 2 + 2), y: to.y }];
  return [left, { x: left.x + way * 14, y: left.y }, ...points.slice(1, -1), { x: right.x - way * 18, y: right.y }, right];
}

/** A soft line through the points: each but the ends is the handle of a curve. */
export function smooth(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  const last = rest.at(-1);
  if (!last) return `M${first.x} ${first.y}`;
  let path = `M${round(first.x)} ${round(first.y)}`;
  for (let index = 0; index < rest.length - 1; index++) {
    const handle = rest[index] as Point;
    const next = rest[index + 1] as Point;
    const end = index === rest.length - 2 ? next : { x: (handle.x + next.x) / 2, y: (handle.y + next.y) / 2 };
    path += `Q${round(handle.x)} ${round(handle.y)} ${round(end.x)} ${round(end.y)}`;
  }
  return rest.length === 1 ? `${path}L${round(last.x)} ${round(last.y)}` : path;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Where the keys lead: the nearest node in that direction. */
export function nodeBeside(nodes: readonly PlacedNode[], from: PlacedNode, key: string): PlacedNode | null {
  const way = { ArrowLeft: { x: -1, y: 0 }, ArrowRight: { x: 1, y: 0 }, ArrowUp: { x: 0, y: -1 }, ArrowDown: { x: 0, y: 1 } }[key];
  if (!way) return null;
  const rated = nodes.flatMap((node) => {
    const [x, y] = [node.x - from.x, node.y - from.y];
    const along = x * way.x + y * way.y;
    const aside = Math.abs(x * way.y) + Math.abs(y * way.x);
    return along > 1 ? [{ node, cost: along + aside * 2 }] : [];
  });
  return rated.toSorted((one, other) => one.cost - other.cost)[0]?.node ?? null;
}
