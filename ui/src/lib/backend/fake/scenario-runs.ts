// Scenarios of the simulated environment: one that has a history, one that was never
// run, and time that moves the one that goes on.
import type { ScenarioList, ScenarioReport, ScenarioSummary, StepReport } from "../../bindings";
import { seeded } from "./random";

const STEP: Omit<StepReport, "id" | "name" | "kind"> = {
  group: null, always: false, status: "pending", started: null, duration: null, attempts: 0, text: null, metrics: {}, details: {}, criteria: [], progress: null, curves: [],
};
const TOTAL = 30_000;
/** How long the load of a simulated execution takes. */
const LOAD = 6_000;

/** How far the consumers were behind: behind for a while, then caught up. */
function lag(until: number): StepReport["curves"][number] {
  const points = Array.from({ length: Math.min(120, Math.ceil(until / 50)) }, (_, index) => ({ at: index * 50, value: Math.max(0, Math.round(2_600 * Math.sin(index / 38) + 300 * Math.sin(index / 3))) }));
  return { name: "lag", points };
}

function plan(): StepReport[] {
  return [
    { ...STEP, id: "health-before", name: "Health before", kind: "check" },
    { ...STEP, id: "load", name: "Orders through the gateway", kind: "http" },
    { ...STEP, id: "rows", name: "Every order is in the database", kind: "sql", group: 1 },
    { ...STEP, id: "cache", name: "The cache was filled", kind: "redis", group: 1 },
    { ...STEP, id: "health-after", name: "Health afterwards", kind: "check" },
    { ...STEP, id: "clean-up", name: "Forget the orders", kind: "sql", always: true },
  ];
}

export class FakeScenarios {
  readonly #history: ScenarioReport[] = [];
  #running: ScenarioReport | null = null;
  readonly #none: boolean;

  constructor(now: number, run: string, none: boolean) {
    this.#none = none;
    const random = seeded(7);
    for (let index = 1; !none && index <= 14; index++) {
      const started = now - index * 5_400_000;
      const failed = index === 4 || index === 9;
      this.#history.push(ended(`s-${String(100 - index)}`, run, started, 9_400 + random() * 2_000, failed, 40_000 + random() * 24_000));
    }
  }

  list(): ScenarioList {
    if (this.#none) return { scenarios: [], running: null };
    const steps = plan().map(({ id, name, kind, always }) => ({ id, name, kind, always }));
    const smoke: ScenarioSummary = { name: "order-load", description: "Thirty thousand orders through the gateway, each looked for afterwards", vars: { orders: String(TOTAL) }, steps, criteria: ["throughput > 30000"], last: this.#history.slice(0, 20) };
    const other: ScenarioSummary = { name: "migration", description: null, vars: {}, steps: steps.slice(0, 3), criteria: [], last: [] };
    return { scenarios: [other, smoke], running: structuredClone(this.#running) };
  }

  history(scenario: string | null): ScenarioReport[] {
    const all = this.#running ? [this.#running, ...this.#history] : this.#history;
    return structuredClone(all.filter((report) => scenario === null || report.scenario === scenario));
  }

  begin(scenario: string, run: string, now: number): ScenarioReport {
    if (this.#running) throw { code: "invalid", message: `The scenario ${this.#running.scenario} is running`, hint: null, problems: [] };
    this.#running = { id: `s-${now}`, scenario, run, started: now, ended: null, status: "running", text: null, metrics: {}, vars: {}, steps: plan(), criteria: [] };
    return this.#running;
  }

  cancel(now: number): void {
    const report = this.#running;
    if (!report) return;
    for (const step of report.steps) step.status = step.always ? "passed" : step.status === "running" ? "cancelled" : step.status === "pending" ? "skipped" : step.status;
    this.#end({ ...report, status: "cancelled", text: "it was cancelled" }, now);
  }

  /** Whether something has changed. */
  tick(now: number): boolean {
    const report = this.#running;
    if (!report) return false;
    const age = now - report.started;
    const [before, load] = report.steps as [StepReport, StepReport];
    before.status = age > 800 ? "passed" : "running";
    before.started = report.started;
    if (age > 800) Object.assign(before, { text: "9 services are Healthy", duration: 800, metrics: { services: 9 } });
    if (age > 800) {
      const share = Math.min(1, (age - 800) / LOAD);
      Object.assign(load, { status: "running", started: report.started + 800, attempts: 1, progress: { done: Math.round(TOTAL * share), total: TOTAL, rate: 4_800 + (age % 700), what: "requests" }, curves: [lag(age - 800)] });
    }
    if (age > 800 + LOAD) this.#end(ended(report.id, report.run ?? "", report.started, age, false, 52_340), now);
    return true;
  }

  #end(report: ScenarioReport, now: number): void {
    this.#history.unshift({ ...report, ended: now });
    this.#running = null;
  }
}

function ended(id: string, run: string, started: number, took: number, failed: boolean, throughput: number): ScenarioReport {
  const steps = plan();
  for (const step of steps) Object.assign(step, { status: "passed", started, duration: 240, attempts: 1 });
  const [before, load, rows, cache, after] = steps as [StepReport, StepReport, StepReport, StepReport, StepReport];
  Object.assign(before, { text: "9 services are Healthy", metrics: { services: 9 } });
  Object.assign(load, {
    duration: LOAD, text: `${TOTAL} requests, all as expected`, details: { request: "POST http://localhost:5000/orders" }, curves: [lag(LOAD)],
    metrics: { throughput, p99_ms: 4_000_000 / throughput, errors: 0 },
    criteria: [{ expression: "p99_ms < 200", passed: true, text: `p99_ms is ${(4_000_000 / throughput).toFixed(1)}` }],
  });
  Object.assign(rows, { text: "1 rows", metrics: { orders: failed ? TOTAL - 12 : TOTAL } });
  Object.assign(cache, { text: "30000", metrics: { value: TOTAL } });
  if (failed) {
    Object.assign(rows, { status: "failed", text: "`orders == 30000` does not hold: orders is 29988", criteria: [{ expression: "orders == 30000", passed: false, text: "orders is 29988" }] });
    Object.assign(after, { status: "skipped", started: null, duration: null });
  }
  const metrics = { duration_ms: took, "load.throughput": throughput, "load.p99_ms": 4_000_000 / throughput, "load.errors": 0, "rows.orders": failed ? TOTAL - 12 : TOTAL };
  const criteria = failed ? [] : [{ expression: "throughput > 30000", passed: true, text: `throughput is ${Math.round(throughput)}` }];
  return { id, scenario: "order-load", run, started, ended: started + took, status: failed ? "failed" : "passed", text: failed ? "Every order is in the database: `orders == 30000` does not hold: orders is 29988" : null, metrics, vars: { orders: String(TOTAL) }, steps, criteria };
}
