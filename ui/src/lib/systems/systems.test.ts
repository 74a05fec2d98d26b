// Words and order of what is inside of Kafka, Flink and Temporal.
import { expect, it } from "vitest";
import type { KafkaGroup, KafkaPartition } from "../bindings";
import { byLag, canCancel, moodOf, troubleOf } from "./systems";

const partition = (leader: number | null, in_sync: number[]): KafkaPartition => ({ index: 0, leader, replicas: [1, 2], in_sync, begin: 0, end: 1 });
const topic = (partitions: KafkaPartition[]) => ({ name: "orders", internal: false, partitions, messages: 1 });

it("knows which states are bad in each system's words", () => {
  expect(["RUNNING", "Running", "Stable"].map(moodOf)).toEqual(["good", "good", "good"]);
  expect(["FAILED", "TimedOut", "Terminated"].map(moodOf)).toEqual(["bad", "bad", "bad"]);
  expect(["RESTARTING", "INITIALIZING", "PreparingRebalance"].map(moodOf)).toEqual(["busy", "busy", "busy"]);
  expect(["FINISHED", "Completed", "CANCELED"].map(moodOf)).toEqual(["over", "over", "over"]);
});
it("cancels only what can be cancelled", () => {
  expect(["RUNNING", "RESTARTING", "FINISHED", "CANCELLING"].map(canCancel)).toEqual([true, true, false, false]);
});
it("names what is wrong with a topic", () => {
  expect(troubleOf(topic([partition(1, [1, 2])]))).toBeNull();
  expect(troubleOf(topic([partition(1, [1]), partition(null, [])]))).toBe("1 partition without a leader, 1 partition under-replicated");
});
it("puts the group that lags most first", () => {
  const group = (name: string, lag: number): KafkaGroup => ({ name, lag, state: "Stable", members: 1, topics: [] });
  expect(byLag([group("b", 0), group("a", 0), group("c", 9)]).map(({ name }) => name)).toEqual(["c", "a", "b"]);
});
