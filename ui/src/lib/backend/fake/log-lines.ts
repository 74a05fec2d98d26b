// Lines as the simulated services would write them.
import type { Level } from "../../bindings";
import { pick, type Random } from "./random";

export type Line = { level: Level; body: string; stderr?: boolean; attributes?: Record<string, string> };

const PATHS = ["/api/orders", "/api/orders/8812", "/api/cart", "/api/catalog?page=2", "/health/ready", "/api/users/me", "/api/search?q=lamp"];

/** One ordinary line of a service. */
export function ordinaryLine(service: string, random: Random): Line {
  const number = Math.floor(random() * 9_000) + 1_000;
  const roll = random();
  switch (service) {
    case "postgres":
      return roll < 0.06
        ? { level: "warn", body: `LOG:  checkpoints are occurring too frequently (${8 + (number % 9)} seconds apart)` }
        : { level: "info", body: pick(random, [`LOG:  checkpoint complete: wrote ${number} buffers (9.4%); 0 WAL file(s) added`, `LOG:  duration: ${(roll * 9).toFixed(3)} ms  statement: SELECT id, total FROM orders WHERE customer_id = ${number}`, "LOG:  connection authorized: user=orders database=shop"]) };
    case "redis":
      return { level: "info", body: `1:M * ${number} changes in 60 seconds. Saving...` };
    case "kafka":
      return { level: roll < 0.1 ? "debug" : "info", body: `[GroupCoordinator id=1] Stabilized group order-projector generation ${number % 40} with 3 members` };
    case "elasticsearch":
      return { level: "info", body: `{"@timestamp":"2026-11-22T09:14:${10 + (number % 49)}.112Z","log.level":"INFO","message":"[shop-node-1] updating mapping for index products-v${number % 9}","ecs.version":"1.2.0","service.name":"ES_ECS","process.thread.name":"elasticsearch[shop-node-1][masterService#updateTask][T#1]"}`, attributes: { "log.level": "INFO", "service.name": "ES_ECS", "ecs.version": "1.2.0" } };
    case "web":
      return { level: "info", body: `\u001b[32m${pick(random, ["GET", "GET", "POST"])}\u001b[0m ${pick(random, PATHS)} \u001b[33m${roll < 0.1 ? 304 : 200}\u001b[0m \u001b[90min\u001b[0m ${Math.round(roll * 60)}ms` };
    case "catalog":
      return { level: roll < 0.3 ? "debug" : "info", body: `time=09:14:${10 + (number % 49)} level=INFO msg="served" path=${pick(random, PATHS)} status=200 bytes=${number} took=${(roll * 20).toFixed(1)}ms`, attributes: { path: "/api/catalog", status: "200", bytes: String(number) } };
    case "recommendations":
      return roll < 0.08
        ? { level: "warn", body: `WARNING:  model cache miss for segment ${number % 40}, falling back to popular items`, stderr: true }
        : { level: "info", body: `INFO:     127.0.0.1:${40_000 + number} - "GET /recommend/${number} HTTP/1.1" 200 OK` };
    case "payment-service":
      return { level: roll < 0.3 ? "debug" : "info", body: `\u001b[36m[payments]\u001b[39m authorised payment \u001b[1mpay_${number}\u001b[22m for order ${number} in ${Math.round(roll * 200)} ms` };
    case "otel-collector":
      return { level: "info", body: `info\tTracesExporter\t{"kind": "exporter", "data_type": "traces", "name": "debug", "resource spans": ${1 + (number % 9)}, "spans": ${number % 400}}` };
    default:
      return roll < 0.2
        ? { level: "debug", body: `dbug: Microsoft.EntityFrameworkCore.Database.Command[20100] Executing DbCommand [Parameters=[@p0='${number}'], CommandTimeout='30']` }
        : { level: "info", body: `info: ${pick(random, ["Shop.Auth.TokenIssuer[12]", "Shop.Orders.Handler[3]", "Microsoft.AspNetCore.Hosting.Diagnostics[2]"])} Request finished HTTP/1.1 ${pick(random, ["GET", "POST"])} ${pick(random, PATHS)} - 200 ${number} application/json ${(roll * 40).toFixed(4)}ms` };
  }
}

/** A line that tells of trouble. */
export function troubleLine(random: Random): Line {
  const number = Math.floor(random() * 900) + 100;
  return pick<Line>(random, [
    { level: "error", stderr: true, body: `fail: Shop.Orders.Handler[7] Order ${number} could not be stored: Npgsql.NpgsqlException (0x80004005): Failed to connect to 127.0.0.1:5432` },
    { level: "error", stderr: true, body: "\u001b[41m\u001b[97m ERROR \u001b[0m \u001b[31mconnect ECONNREFUSED 127.0.0.1:9092\u001b[0m at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1607:16)" },
    { level: "warn", body: `warn: Polly[3] Retry ${number % 4} of 5 after ${number} ms` },
  ]);
}
