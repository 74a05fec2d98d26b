// The simulated project: a small shop with its infrastructure.
import type { ServiceKind } from "../../bindings";

export type ServiceDefinition = {
  name: string;
  kind: ServiceKind;
  group: string;
  source: string;
  port: number | null;
  scheme: "http" | "tcp";
  probe: string;
  depends_on: string[];
  cpu: number;
  /** In megabytes. */
  memory: number;
  details: Record<string, string>;
};

type Row = [name: string, kind: ServiceKind, group: string, source: string, port: number | null, scheme: "http" | "tcp", probe: string, depends: string[], cpu: number, memory: number, details?: Record<string, string>];

const ROWS: Row[] = [
  ["postgres", "container", "Infrastructure", "postgres:16.4", 5432, "tcp", "postgres", [], 1.2, 96, { version: "16.4", connections: "14 of 100" }],
  ["redis", "container", "Infrastructure", "redis:7.4-alpine", 6379, "tcp", "redis", [], 0.4, 12, { version: "7.4.1", role: "master" }],
  ["kafka", "container", "Infrastructure", "apache/kafka:3.9.0", 9092, "tcp", "kafka", [], 6.8, 612, { brokers: "3", topics: "18" }],
  ["elasticsearch", "container", "Infrastructure", "elasticsearch:8.16.1", 9200, "http", "elasticsearch", [], 9.4, 1340, { cluster: "green", shards: "24" }],
  ["otel-collector", "container", "Infrastructure", "otel/opentelemetry-collector:0.114.0", 13133, "http", "http", [], 0.9, 58],
  ["auth-service", "process", "Critical", "dotnet run --no-build --project src/Auth", 5001, "http", "http", ["postgres", "redis"], 2.1, 148],
  ["order-service", "process", "Critical", "dotnet run --no-build --project src/Orders", 5002, "http", "http", ["postgres", "kafka", "auth-service"], 3.6, 171],
  ["payment-service", "process", "Critical", "node --enable-source-maps dist/payments.js", 5003, "http", "http", ["kafka", "auth-service", "payment-provider"], 1.7, 88],
  ["catalog", "process", "Application", "go run ./cmd/catalog", 5004, "http", "http", ["postgres", "elasticsearch"], 1.1, 42],
  ["recommendations", "process", "Application", "uv run uvicorn recommendations:app --port 5005", 5005, "http", "http", ["catalog", "redis"], 4.2, 236],
  ["web", "process", "Application", "npm run dev -- --port 5173", 3000, "http", "http", ["auth-service", "catalog", "order-service"], 2.4, 194],
  ["migrations", "process", "Application", "dotnet ef database update --project src/Orders", null, "tcp", "", ["postgres"], 0, 0],
  ["payment-provider", "external", "External", "https://sandbox.payments.example", 443, "http", "http", [], 0, 0],
];

/** What moves messages, beside the shop. */
const SYSTEMS: Row[] = [
  ["flink-jobmanager", "container", "Streams", "flink:2.2.1-java17", 8081, "http", "http", ["kafka"], 4.1, 812],
  ["flink-sql-gateway", "container", "Streams", "flink:2.2.1-java17", 8083, "http", "http", ["flink-jobmanager"], 0.8, 402],
  ["temporal", "container", "Streams", "temporalio/auto-setup:1.29.1", 7233, "tcp", "temporal", ["postgres"], 1.9, 188],
];

export function systems(): ServiceDefinition[] {
  return definitions(SYSTEMS);
}

export function shop(): ServiceDefinition[] {
  return definitions(ROWS);
}

function definitions(rows: Row[]): ServiceDefinition[] {
  return rows.map(([name, kind, group, source, port, scheme, probe, depends_on, cpu, memory, details = {}]) => ({
    name, kind, group, source, port, scheme, probe, depends_on, cpu, memory, details,
  }));
}

/** A project of many services, for the look and the speed of long lists. */
export function many(count: number): ServiceDefinition[] {
  const groups = ["Platform", "Ingestion", "Accounts", "Billing", "Search", "Delivery"];
  const words = ["gateway", "worker", "scheduler", "api", "indexer", "consumer", "store", "sync", "notifier", "projector"];
  return Array.from({ length: count }, (_, index) => {
    const group = groups[index % groups.length] ?? "Platform";
    return {
      name: `${group.toLowerCase()}-${words[Math.floor(index / groups.length) % words.length]}${index >= 60 ? `-${Math.floor(index / 60) + 1}` : ""}`,
      kind: index % 4 === 0 ? ("container" as const) : ("process" as const),
      group,
      source: index % 4 === 0 ? `registry.example/${group.toLowerCase()}:2026.11` : `dotnet run --project src/${group}`,
      port: 6000 + index,
      scheme: "http" as const,
      probe: "http",
      depends_on: index > 6 ? [`${groups[0]?.toLowerCase()}-gateway`] : [],
      cpu: (index * 7) % 13,
      memory: 40 + ((index * 53) % 400),
      details: {},
    };
  });
}
