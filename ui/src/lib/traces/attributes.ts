// Attributes of spans as text, and what they say of the kind of work.
import type { Span, SpanKind } from "../bindings";
import type { IconName } from "../icons/paths";

export type Attribute = { key: string; value: string };

/** A value as people read it: text as it is, the rest as JSON. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

export function attributesOf(list: readonly (readonly [string, unknown])[]): Attribute[] {
  return list.map(([key, value]) => ({ key, value: textOf(value) })).toSorted((one, other) => one.key.localeCompare(other.key));
}

export function attribute(span: Span, ...keys: string[]): string | null {
  for (const key of keys) {
    const found = span.attributes.find(([name]) => name === key);
    if (found) return textOf(found[1]);
  }
  return null;
}

export const KINDS: Record<SpanKind, { word: string; icon: IconName; meaning: string }> = {
  server: { word: "Server", icon: "spanServer", meaning: "Answers a request of another" },
  client: { word: "Client", icon: "spanClient", meaning: "Asks another and waits" },
  producer: { word: "Producer", icon: "spanProducer", meaning: "Sends a message" },
  consumer: { word: "Consumer", icon: "spanConsumer", meaning: "Takes a message" },
  internal: { word: "Internal", icon: "spanInternal", meaning: "Work within the service" },
  unspecified: { word: "Unspecified", icon: "spanInternal", meaning: "The sender did not say" },
};

/** What a span works with, by its attributes; the sign that stands in its row. */
export function iconOf(span: Span): IconName {
  if (span.kind === "client" && attribute(span, "db.system", "db.system.name") !== null) return "database";
  return KINDS[span.kind].icon;
}

/** What a span asks, in short: the statement, or method and route with the answer. */
export function summaryOf(span: Span): string | null {
  const statement = attribute(span, "db.query.text", "db.statement");
  if (statement !== null) return statement.replace(/\s+/g, " ").slice(0, 200);
  const code = attribute(span, "http.response.status_code", "http.status_code");
  const target = attribute(span, "http.route", "url.path", "http.target", "url.full", "http.url");
  if (code !== null || target !== null) return [target !== null && !span.name.includes(target) ? target : null, code].filter((part) => part !== null).join(" → ") || null;
  return attribute(span, "messaging.destination.name", "messaging.destination", "rpc.method");
}
