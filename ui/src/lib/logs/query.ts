// The language of the search field as the engine reads it: cut into terms, to mark
// what was found and to change a query by a click. The engine decides what matches.

export type Operator = "=" | "!=" | ">=" | ">" | "<=" | "<" | "~";
export type Ask =
  | { kind: "text"; text: string }
  | { kind: "regex"; source: string; ignoreCase: boolean }
  | { kind: "field"; key: string; operator: Operator; value: string; regex: boolean };
/** One condition and where it stands, in letters from 0. */
export type Term = { negated: boolean; from: number; to: number; ask: Ask };
export type QueryError = { message: string; hint: string; at: number };

const FIELD = /^[\p{L}_@][\p{L}\p{N}_.@-]*?(?=!=|>=|<=|[=><~])/u;
const OPERATORS: readonly Operator[] = ["!=", ">=", "<=", "=", ">", "<", "~"];

/** All terms, or the first place that cannot be understood. */
export function parseQuery(query: string): { terms: Term[]; error: QueryError | null } {
  const terms: Term[] = [];
  for (let at = nextTerm(query, 0); at < query.length; at = nextTerm(query, at)) {
    const negated = /^-[^\s-]/.test(query.slice(at));
    const read = readAsk(query, negated ? at + 1 : at);
    if ("error" in read) return { terms, error: read.error };
    terms.push({ negated, from: at, to: read.to, ask: read.ask });
    at = read.to;
  }
  return { terms, error: null };
}

type Read = { ask: Ask; to: number } | { error: QueryError };

function nextTerm(query: string, at: number): number {
  const blanks = /^\s*/.exec(query.slice(at));
  return at + (blanks?.[0].length ?? 0);
}

function readAsk(query: string, at: number): Read {
  const rest = query.slice(at);
  if (rest.startsWith('"')) {
    const quoted = readQuoted(query, at);
    return "error" in quoted ? quoted : { ask: { kind: "text", text: quoted.text }, to: quoted.to };
  }
  const regex = readRegex(rest);
  if (regex) return { ask: { kind: "regex", source: regex.source, ignoreCase: regex.ignoreCase }, to: at + regex.length };
  const key = FIELD.exec(rest)?.[0];
  if (key !== undefined) return readField(query, at, key);
  const text = word(rest);
  return { ask: { kind: "text", text }, to: at + text.length };
}

function readField(query: string, at: number, key: string): Read {
  const operator = OPERATORS.find((sign) => query.startsWith(sign, at + key.length)) ?? "=";
  const start = at + key.length + operator.length;
  const rest = query.slice(start);
  const field = { kind: "field", key, operator } as const;
  const regex = operator === "~" ? readRegex(rest) : null;
  if (regex) return { ask: { ...field, value: regex.source, regex: true }, to: start + regex.length };
  if (rest.startsWith('"')) {
    const quoted = readQuoted(query, start);
    return "error" in quoted ? quoted : { ask: { ...field, value: quoted.text, regex: false }, to: quoted.to };
  }
  const value = word(rest);
  if (value === "") return { error: { message: "a value is missing", hint: "write it after the sign, such as user.id=42", at: start } };
  return { ask: { ...field, value, regex: false }, to: start + value.length };
}

function readQuoted(query: string, at: number): { text: string; to: number } | { error: QueryError } {
  let text = "";
  for (let index = at + 1; index < query.length; index++) {
    const letter = query[index] as string;
    if (letter === '"') return { text, to: index + 1 };
    const next = query[index + 1];
    if (letter === "\\" && (next === '"' || next === "\\")) {
      text += next;
      index += 1;
    } else text += letter;
  }
  return { error: { message: "a quote is not closed", hint: 'end the text with "', at } };
}

/** `/…/` or `/…/i` up to a blank or the end; null where it is none. */
function readRegex(rest: string): { source: string; ignoreCase: boolean; length: number } | null {
  const found = /^\/((?:\\.|[^\\])+?)\/(i?)(?=\s|$)/s.exec(rest);
  if (!found) return null;
  return { source: (found[1] as string).replaceAll("\\/", "/"), ignoreCase: found[2] === "i", length: found[0].length };
}

function word(rest: string): string {
  return /^\S*/.exec(rest)?.[0] ?? "";
}

/** What is to be marked in lines: the texts and patterns that are asked for. */
export function marksOf(query: string): (string | RegExp)[] {
  return parseQuery(query).terms.flatMap(({ negated, ask }): (string | RegExp)[] => {
    if (negated || ask.kind === "field") return [];
    if (ask.kind === "text") return [ask.text];
    try {
      return [new RegExp(ask.source, ask.ignoreCase ? "gi" : "g")];
    } catch {
      // The engine knows forms that this page does not; the line stays unmarked.
      return [];
    }
  });
}

/** A condition on a field as it is written. */
export function fieldTerm(key: string, value: string, negated = false): string {
  const plain = value !== "" && !/[\s"]/.test(value);
  return `${negated ? "-" : ""}${key}=${plain ? value : `"${value.replace(/["\\]/g, "\\$&")}"`}`;
}

/** The query with one more condition; its opposite, where it is there, makes room. */
export function withTerm(query: string, term: string): string {
  const opposite = term.startsWith("-") ? term.slice(1) : `-${term}`;
  const { terms } = parseQuery(query);
  const parts = terms.map(({ from, to }) => query.slice(from, to));
  if (parts.includes(term)) return query;
  const kept = terms.length && parts.includes(opposite) ? parts.filter((part) => part !== opposite).join(" ") : query.trimEnd();
  return kept === "" ? term : `${kept} ${term}`;
}
