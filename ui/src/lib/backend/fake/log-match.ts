// Whether a simulated record fits a query, as the engine would decide it.
import type { Level, LogRecord } from "../../bindings";
import { stripAnsi } from "../../logs/ansi";
import { parseQuery, type Ask } from "../../logs/query";

export const LEVELS: readonly Level[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** A test for a query; throws what the engine would answer where it is none. */
export function matcher(query: string | null | undefined): (record: LogRecord) => boolean {
  const { terms, error } = parseQuery(query ?? "");
  if (error) throw invalid(error.message, error.at, error.hint);
  const tests = terms.map(({ negated, from, ask }) => {
    const test = testOf(ask, from);
    return (record: LogRecord) => test(record) !== negated;
  });
  return (record) => tests.every((test) => test(record));
}

function invalid(message: string, at: number, hint: string): unknown {
  return { code: "invalid", message: `${message}, at character ${at + 1}`, hint, problems: [] };
}

function testOf(ask: Ask, at: number): (record: LogRecord) => boolean {
  if (ask.kind === "text") {
    const wanted = ask.text.toLowerCase();
    return ({ body }) => stripAnsi(body).toLowerCase().includes(wanted);
  }
  if (ask.kind === "regex") {
    const regex = compile(ask.source, ask.ignoreCase, at);
    return ({ body }) => regex.test(stripAnsi(body));
  }
  if (ask.key === "level") return levelTest(ask.operator, ask.value.toLowerCase(), at);
  const regex = ask.regex ? compile(ask.value, false, at) : null;
  return (record) => {
    const value = valueOf(record, ask.key);
    return value !== undefined && (regex ? regex.test(value) : compare(value, ask.operator, ask.value));
  };
}

function levelTest(operator: string, value: string, at: number): (record: LogRecord) => boolean {
  const wanted = LEVELS.indexOf(value as Level);
  if (wanted < 0) throw invalid(`“${value}” is no level`, at, `the levels are ${LEVELS.join(", ")}`);
  return ({ severity }) => holds(LEVELS.indexOf(severity) - wanted, operator);
}

function compile(source: string, ignoreCase: boolean, at: number): RegExp {
  try {
    return new RegExp(source, ignoreCase ? "i" : "");
  } catch {
    throw invalid("the regular expression is not valid", at, "look at brackets and backslashes, or put the text into quotes");
  }
}

function valueOf(record: LogRecord, key: string): string | undefined {
  const own: Record<string, string | null | undefined> = { service: record.service, stream: record.stream, generation: String(record.generation), trace_id: record.trace_id, span_id: record.span_id };
  return own[key] ?? record.attributes?.[key];
}

function compare(value: string, operator: string, wanted: string): boolean {
  if (operator === "~") return value.toLowerCase().includes(wanted.toLowerCase());
  const [one, other] = [Number(value), Number(wanted)];
  const order = Number.isNaN(one) || Number.isNaN(other) ? value.localeCompare(wanted) : one - other;
  return holds(order, operator);
}

function holds(order: number, operator: string): boolean {
  return { "=": order === 0, "!=": order !== 0, ">=": order >= 0, ">": order > 0, "<=": order <= 0, "<": order < 0 }[operator] ?? false;
}
