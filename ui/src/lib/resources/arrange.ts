// Which services the table shows, in which order, under which heading.
import type { ProbeView, ServiceView, Status } from "../bindings";
import { severity } from "../format/status";

export type SortKey = "status" | "name" | "uptime" | "cpu" | "memory" | "probe";
export type Sort = { key: SortKey; descending: boolean };
export type Group = { name: string; services: ServiceView[] };

export type Arrangement = {
  filter: string;
  /** Only these statuses; all where it is empty. */
  statuses: ReadonlySet<Status>;
  /** The order of the file where it is null. */
  sort: Sort | null;
};

export const NO_GROUP = "Other";

/** Groups in order of appearance, those without a group last. */
export function arrange(services: readonly ServiceView[], { filter, statuses, sort }: Arrangement): Group[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map<string, ServiceView[]>();
  const last: ServiceView[] = [];
  for (const service of services) {
    if (statuses.size && !statuses.has(service.status)) continue;
    if (!matches(service, words)) continue;
    if (service.group === null) last.push(service);
    else groups.set(service.group, [...(groups.get(service.group) ?? []), service]);
  }
  if (last.length) groups.set(NO_GROUP, last);
  return [...groups].map(([name, members]) => ({ name, services: sort ? members.toSorted(by(sort)) : members }));
}

/** The sort after a click on a heading: up, down, none. */
export function nextSort(current: Sort | null, key: SortKey): Sort | null {
  const first = key === "cpu" || key === "memory" || key === "uptime";
  if (current?.key !== key) return { key, descending: first };
  return current.descending === first ? { key, descending: !first } : null;
}

/** The probe that answered last. */
export function lastProbe(service: ServiceView): ProbeView | null {
  return service.probes.reduce<ProbeView | null>((last, probe) => (probe.at !== null && probe.at > (last?.at ?? 0) ? probe : last), null);
}

/** How many services have each status. */
export function countByStatus(services: readonly ServiceView[]): Map<Status, number> {
  const counts = new Map<Status, number>();
  for (const { status } of services) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

function matches(service: ServiceView, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const text = [service.name, service.kind, service.group, service.status, service.lifecycle, service.source, service.reason, ...service.endpoints.map(({ url }) => url)]
    .join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}

function by({ key, descending }: Sort): (one: ServiceView, other: ServiceView) => number {
  const direction = descending ? -1 : 1;
  return (one, other) => direction * compare(key, one, other) || one.name.localeCompare(other.name);
}

function compare(key: SortKey, one: ServiceView, other: ServiceView): number {
  switch (key) {
    case "name": return one.name.localeCompare(other.name);
    case "status": return severity(one.status) - severity(other.status);
    case "uptime": return (other.started ?? Infinity) === (one.started ?? Infinity) ? 0 : (other.started ?? Infinity) - (one.started ?? Infinity);
    case "cpu": return (one.cpu ?? -1) - (other.cpu ?? -1);
    case "memory": return (one.memory ?? -1) - (other.memory ?? -1);
    case "probe": return (lastProbe(one)?.latency_us ?? -1) - (lastProbe(other)?.latency_us ?? -1);
  }
}
