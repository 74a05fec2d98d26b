// How the simulated services fared in the last two hours.
import type { AnswerSpan, HealthHistory, ProbeHistory, ProbeView, ServiceHistory, ServiceView } from "../../bindings";
import { seeded, type Random } from "./random";

const WINDOW = 7_200_000;
const BUCKETS = 60;

export function healthHistory(services: readonly ServiceView[], wanted: string | null | undefined, run: string | null, now: number): HealthHistory {
  const from = now - WINDOW;
  const shown = services.filter(({ name }) => !wanted || name === wanted);
  return { run, from, to: now, services: shown.map((service) => historyOf(service, from, now)) };
}

function historyOf(service: ServiceView, from: number, now: number): ServiceHistory {
  const random = seeded(service.name.length * 977 + service.name.charCodeAt(0));
  const ran = service.started ?? (service.generation > 0 && service.status !== "Stopped" ? now - 5_400_000 : null);
  const began = Math.max(from, ran ?? now);
  const flapping = service.name === "order-service" && service.status !== "Healthy";
  const dip = from + WINDOW * (0.55 + random() * 0.2);
  return {
    service: service.name,
    states: [{ status: service.status, from: Math.max(from, service.since), to: now }],
    availability: ran === null ? null : service.status === "Healthy" ? (random() < 0.4 ? 0.9874 : 1) : 0.913,
    ready_after: ran === null ? null : 900 + Math.round(random() * 4_000),
    usual: 1_400 + Math.round(random() * 600), usual_of: 6,
    flips: flapping ? 5 : 0, flapping,
    probes: service.probes.map((probe) => probeHistory(probe, service, random, { from, began: ran === null ? now : began, dip, now })),
  };
}

type Times = { from: number; began: number; dip: number; now: number };

function probeHistory(probe: ProbeView, service: ServiceView, random: Random, { from, began, dip, now }: Times): ProbeHistory {
  const text = probe.text ?? "200 OK";
  const span = (verdict: AnswerSpan["verdict"], begin: number, end: number, said: string): AnswerSpan => ({ verdict, text: said, from: begin, to: end, count: Math.max(1, Math.round((end - begin) / 30_000)), mean_us: 900 + Math.round(random() * 3_000), max_us: 9_000 });
  const spans: AnswerSpan[] = [];
  if (began < now || service.kind === "external") {
    const begin = service.kind === "external" ? from : began;
    const ill = probe.verdict === "fail" ? now - 420_000 : now;
    if (begin < dip && probe.role === "ready") spans.push(span("pass", begin, dip, "200 OK"), span("warn", dip, dip + 240_000, "Degraded: cache is cold"), span("pass", dip + 240_000, ill, "200 OK"));
    else spans.push(span("pass", begin, ill, text));
    if (ill < now) spans.push(span("fail", ill, now, text));
  }
  const known = (index: number): boolean => from + (index / BUCKETS) * WINDOW >= (spans[0]?.from ?? now);
  const latency_ms = Array.from({ length: BUCKETS }, (_, index) => (known(index) ? 1 + random() * 3 + (random() < 0.06 ? 14 : 0) : null));
  return { role: probe.role, spans, omitted: 0, answers: spans.reduce((sum, { count }) => sum + count, 0), latency_ms };
}
