// Marks over styles.
import { describe, expect, it } from "vitest";
import { parseAnsi } from "./ansi";
import { cutAtMatches, findMatches } from "./match";

const marked = (text: string, needle: string): [string, boolean][] => {
  const spans = parseAnsi(text);
  const plain = spans.map((span) => span.text).join("");
  return cutAtMatches(spans, findMatches(plain, needle)).map((piece) => [piece.text, piece.match]);
};

describe("matches", () => {
  it("are found without regard to case and do not overlap", () => {
    expect(findMatches("aaAa b", "aa")).toEqual([{ from: 0, to: 2 }, { from: 2, to: 4 }]);
    expect(findMatches("abc", "")).toEqual([]);
    expect(findMatches("İi", "i")).toEqual([]);
  });
  it("cut a plain line", () => {
    expect(marked("one two one", "one")).toEqual([["one", true], [" two ", false], ["one", true]]);
    expect(marked("nothing", "x")).toEqual([["nothing", false]]);
  });
  it("run across a change of colour", () => {
    expect(marked("ab\u001b[31mcd\u001b[0mef", "bcde")).toEqual([["a", false], ["b", true], ["cd", true], ["e", true], ["f", false]]);
  });
});
