// What is shown of Kafka, Flink and Temporal: words, tones, and which come first.
import type { KafkaGroup, KafkaTopic, System } from "../bindings";
import { countOf } from "../format/amount";

export const TITLES: Record<System, string> = { kafka: "Kafka", flink: "Flink", temporal: "Temporal" };

export type Mood = "good" | "busy" | "bad" | "over";

/** A job's or a workflow's state in the words of the system, and how it is meant. */
export function moodOf(state: string): Mood {
  const word = state.toLowerCase();
  if (["running", "completed", "finished", "stable"].includes(word)) return word === "running" || word === "stable" ? "good" : "over";
  if (["failed", "failing", "timedout", "terminated", "dead"].includes(word)) return "bad";
  return ["canceled", "cancelled", "empty", "continuedasnew", "suspended"].includes(word) ? "over" : "busy";
}

/** Nobody would cancel what has ended. */
export function canCancel(state: string): boolean {
  return !["FINISHED", "CANCELED", "FAILED", "CANCELLING"].includes(state);
}

/** Partitions without a leader, and those whose replicas are not all in step. */
export function troubleOf({ partitions }: KafkaTopic): string | null {
  const lost = partitions.filter(({ leader }) => leader === null).length;
  const behind = partitions.filter(({ leader, replicas, in_sync }) => leader !== null && in_sync.length < replicas.length).length;
  const said = [lost ? `${countOf(lost, "partition")} without a leader` : "", behind ? `${countOf(behind, "partition")} under-replicated` : ""].filter(Boolean);
  return said.length ? said.join(", ") : null;
}

/** Those that lag most first. */
export function byLag(groups: readonly KafkaGroup[]): KafkaGroup[] {
  return groups.toSorted((one, other) => other.lag - one.lag || one.name.localeCompare(other.name));
}
