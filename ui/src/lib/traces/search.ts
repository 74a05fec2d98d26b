// Search within one trace, in the language of the log search.
import type { Span } from "../bindings";
import { parseQuery, type Ask, type Operator, type QueryError } from "../logs/query";
import { textOf } from "./attributes";
import { readNs } from "./time";

type Test = (span: Span) => boolean;

/** The places of the spans that fit; with a query that is none, what is wrong with it. */
export function findSpans(spans: readonly Span[], query: string): { places: number[]; error: QueryError | null } {
  const { terms, error } = parseQuery(query);
  if (error || terms.length === 0) return { places: [], error };
  const tests = terms.map(({ negated, ask }): Test => {
    const fits = testOf(ask);
    return negated ? (span) => !fits(span) : fits;
  });
  const places: number[] = [];
  spans.forEach((span, index) => { if (tests.every((fits) => fits(span))) places.push(index); });
  return { places, error: null };
}

function testOf(ask: Ask): Test {
  if (ask.kind === "field") return fieldTest(ask.key, ask.operator, ask.value, ask.regex);
  const fits = ask.kind === "text" ? contains(ask.text) : pattern(ask.source, ask.ignoreCase);
  return (span) => fits(span.name) || fits(span.service) || fits(span.id) || (span.message !== null && fits(span.message))
    || span.attributes.some(([key, value]) => fits(key) || fits(textOf(value))) || span.events.some(({ name, attributes }) => fits(name) || attributes.some(([, value]) => fits(textOf(value))));
}

function contains(text: string): (value: string) => boolean {
  const wanted = text.toLowerCase();
  return (value) => value.toLowerCase().includes(wanted);
}

function pattern(source: string, ignoreCase: boolean): (value: string) => boolean {
  try {
    const regex = new RegExp(source, ignoreCase ? "i" : "");
    return (value) => regex.test(value);
  } catch {
    return () => false;
  }
}

function fieldTest(key: string, operator: Operator, value: string, regex: boolean): Test {
  if (key === "duration") {
    const bound = readNs(value);
    return (span) => bound !== null && compares(operator, span.duration_ns, bound);
  }
  const fits = operator === "~" ? (regex ? pattern(value, false) : contains(value)) : (found: string) => comparesText(operator, found, value);
  return (span) => {
    const found = valueOf(span, key);
    return found === null ? operator === "!=" : fits(found);
  };
}

function valueOf(span: Span, key: string): string | null {
  switch (key) {
    case "service": return span.service;
    case "name": return span.name;
    case "kind": return span.kind;
    case "span_id": return span.id;
    case "scope": return span.scope;
    case "status": return span.status;
    case "message": return span.message;
    case "route": key = "http.route"; break;
  }
  const found = span.attributes.find(([name]) => name === key);
  return found ? textOf(found[1]) : null;
}

function comparesText(operator: Operator, found: string, wanted: string): boolean {
  if (operator === "=") return found.toLowerCase() === wanted.toLowerCase();
  if (operator === "!=") return found.toLowerCase() !== wanted.toLowerCase();
  const [one, other] = [Number(found), Number(wanted)];
  return found.trim() !== "" && Number.isFinite(one) && Number.isFinite(other) && compares(operator, one, other);
}

function compares(operator: Operator, one: number, other: number): boolean {
  switch (operator) {
    case "=": return one === other;
    case "!=": return one !== other;
    case ">": return one > other;
    case ">=": return one >= other;
    case "<": return one < other;
    case "<=": return one <= other;
    case "~": return false;
  }
}
