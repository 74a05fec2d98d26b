// What is inside of the simulated Kafka, Flink and Temporal.
import type { FlinkJob, FlinkSubmitted, FlinkView, KafkaPartition, KafkaTopic, KafkaView, System, TemporalView } from "../../bindings";
import { hex } from "./service";

/** What a service is, by its image. */
export function systemOf(source: string): System | null {
  if (/(^|\/)kafka:/.test(source)) return "kafka";
  if (/(^|\/)flink:/.test(source)) return "flink";
  return /(^|\/)temporal/.test(source) ? "temporal" : null;
}

function topic(name: string, partitions: number, messages: number, away = false): KafkaTopic {
  const list: KafkaPartition[] = Array.from({ length: partitions }, (_, index) => ({
    index, leader: (index % 3) + 1, replicas: [1, 2, 3], in_sync: away && index % 3 === 1 ? [1, 3] : [1, 2, 3], begin: 0, end: Math.round(messages / partitions),
  }));
  return { name, internal: name.startsWith("__"), partitions: list, messages };
}

export function kafka(now: number, empty: boolean, away: boolean): KafkaView {
  const brokers = [1, 2, 3].filter((id) => !away || id !== 2).map((id) => ({ id, address: `localhost:${19_090 + id}` }));
  const quiet = { controller: 1, omitted_topics: 0, omitted_groups: 0, problems: [] };
  if (empty) return { brokers, topics: [], groups: [], ...quiet };
  const lag = Math.max(0, Math.round(4_200 * Math.sin(now / 9_000)));
  return {
    ...quiet, brokers,
    topics: [topic("complex-input", 6, 1_000_000, away), topic("complex-output", 6, 995_800), topic("orders", 3, 8_412), topic("payments.dead-letter", 1, 3), topic("__consumer_offsets", 50, 9_100), topic("__transaction_state", 50, 410)],
    groups: [
      { name: "complex-logic", state: "Stable", members: 3, lag, topics: [{ topic: "complex-input", lag, partitions: 6 }] },
      { name: "order-service", state: "Stable", members: 1, lag: 0, topics: [{ topic: "orders", lag: 0, partitions: 3 }] },
      { name: "replay-2026-11", state: "Empty", members: 0, lag: 8_412, topics: [{ topic: "orders", lag: 8_412, partitions: 3 }] },
    ],
  };
}

export class FakeFlink {
  #jobs: FlinkJob[];
  #now: number;

  constructor(now: number, empty: boolean) {
    this.#now = now;
    this.#jobs = empty ? [] : [
      this.#job("complex-logic", "RUNNING", 1_900_000, 2, "Connection to task manager 10.0.3.7:6122 was lost: heartbeat timed out after 8000 ms"),
      this.#job("order-totals", "RESTARTING", 640_000, 7, "Column 'amount' not found in any table"),
      this.#job("backfill", "FINISHED", 7_400_000, null, null),
    ];
  }

  #job(name: string, state: string, age: number, restarts: number | null, cause: string | null): FlinkJob {
    const running = state === "RUNNING" ? 4 : 0;
    return { id: hex(name, 32), name, state, started: this.#now - age, duration: age, tasks_running: running, tasks: 4, restarts, cause };
  }

  view(): FlinkView {
    return { job_manager: "flink-jobmanager", gateway: "flink-sql-gateway", version: "2.2.1", task_managers: 3, slots: 12, slots_free: 4, jobs: structuredClone(this.#jobs), omitted_jobs: 0 };
  }

  submit(sql: string): FlinkSubmitted {
    const statements = sql.split(";").filter((text) => text.trim()).length;
    if (/\bnix\b/.test(sql)) throw { code: "invalid", message: "`SELECT 1 FROM nix`: Object 'nix' not found", hint: null, problems: [] };
    if (!/insert\s+into/i.test(sql)) return { statements, jobs: [], rows: ["3 | x"] };
    const job = this.#job(`insert-into_${this.#jobs.length}`, "RUNNING", 0, 0, null);
    this.#jobs.unshift(job);
    return { statements, jobs: [job.id], rows: [] };
  }

  cancel(id: string): void {
    const job = this.#jobs.find((one) => one.id === id);
    if (job) Object.assign(job, { state: "CANCELED", tasks_running: 0 });
  }
}

export function temporal(now: number, empty: boolean): TemporalView {
  const one = (kind: string, state: string, age: number, length: number | null, events: number) => ({
    id: `${kind.toLowerCase()}-${hex(kind + age, 8)}`, run: hex(`run${kind}${age}`, 32), kind, state, task_queue: "security-token",
    started: now - age, ended: length === null ? null : now - age + length, events,
  });
  return {
    namespace: "default", more: false,
    workflows: empty ? [] : [one("SecurityTokenRenewal", "Running", 42_000, null, 18), one("SecurityTokenSetup", "Completed", 51_000, 900, 11), one("OrderSaga", "Failed", 380_000, 61_000, 34), one("OrderSaga", "TimedOut", 910_000, 600_000, 21)],
  };
}
