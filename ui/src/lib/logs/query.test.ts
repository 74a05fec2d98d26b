// The search language: the same terms as the engine reads, and changes by a click.
import { describe, expect, it } from "vitest";
import { fieldTerm, marksOf, parseQuery, withTerm } from "./query";

const read = (query: string): string[] => parseQuery(query).terms.map(({ negated, ask }) => {
  const said = ask.kind === "text" ? ask.text : ask.kind === "regex" ? `/${ask.source}/${ask.ignoreCase ? "i" : ""}` : `${ask.key} ${ask.operator} ${ask.regex ? `/${ask.value}/` : ask.value}`;
  return `${negated ? "not " : ""}${said}`;
});

describe("a query", () => {
  it.each<[string, string[]]>([
    ['  timeout "connection  reset"\t', ["timeout", "connection  reset"]],
    [String.raw`"a \"b\" \\ \d" x"y"`, [String.raw`a "b" \ \d`, 'x"y"']],
    ["- -- --flag größe 端口", ["-", "--", "--flag", "größe", "端口"]],
    ['-heartbeat -"a b" -/x+/ -level=debug', ["not heartbeat", "not a b", "not /x+/", "not level = debug"]],
    ["/health/ready /api", ["/health/ready", "/api"]],
    [String.raw`/took \d+ ms/ /Gone\/x/i /`, [String.raw`/took \d+ ms/`, "/Gone/x/i", "/"]],
    ["//", ["//"]],
    ['user.id=42 s!=2 ms>=5 ms<5 logger~kes m~/a b/ msg="x y" e="" @l=w', ["user.id = 42", "s != 2", "ms >= 5", "ms < 5", "logger ~ kes", "m ~ /a b/", "msg = x y", "e = ", "@l = w"]],
    ['http://x?a=b  5=5 "a=b"', ["http://x?a=b", "5=5", "a=b"]],
  ])("is read as the engine reads it: %s", (query, terms) => {
    expect(read(query)).toEqual(terms);
  });
  it("names the place of what it does not understand", () => {
    expect(parseQuery('größe "open').error).toMatchObject({ at: 6, message: "a quote is not closed" });
    expect(parseQuery("a user.id= b").error).toMatchObject({ at: 10, message: "a value is missing" });
  });
  it("tells what to mark: texts and patterns that are asked for", () => {
    expect(marksOf('lost -beat level>=warn "a b" /x+/i')).toEqual(["lost", "a b", /x+/gi]);
    expect(marksOf("/(/")).toEqual([]);
  });
});

describe("a condition by a click", () => {
  it("is quoted where it must be", () => {
    expect([fieldTerm("a", "1"), fieldTerm("a", "x y", true), fieldTerm("a", 'q"\\'), fieldTerm("a", "")]).toEqual(["a=1", '-a="x y"', 'a="q\\"\\\\"', 'a=""']);
  });
  it("is what the reader reads again", () => {
    for (const value of ["plain", "two words", 'a "quote" \\ and more', "", "/x/"]) expect(parseQuery(fieldTerm("k", value)).terms[0]?.ask).toMatchObject({ key: "k", value });
  });
  it("is added once, and replaces its opposite", () => {
    expect(withTerm("", "a=1")).toBe("a=1");
    expect(withTerm("x  y", "a=1")).toBe("x  y a=1");
    expect(withTerm("x a=1", "a=1")).toBe("x a=1");
    expect(withTerm("x -a=1 y", "a=1")).toBe("x y a=1");
    expect(withTerm("a=1", "-a=1")).toBe("-a=1");
  });
});
