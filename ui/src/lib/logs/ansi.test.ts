// Terminal colours in, styled stretches out, nothing else.
import { describe, expect, it } from "vitest";
import { parseAnsi, stripAnsi } from "./ansi";

const E = "\u001b";
const brief = (text: string): unknown[] => parseAnsi(text).map(({ text: part, color, background }) => [part, color, background]);

describe("terminal colours", () => {
  it("leaves plain text alone", () => {
    expect(parseAnsi("plain\ttext\nnext")).toHaveLength(1);
    expect(parseAnsi("")).toEqual([]);
  });
  it("reads the sixteen colours, bright and background", () => {
    expect(brief(`a${E}[31mb${E}[92mc${E}[44md${E}[0me`)).toEqual([["a", null, null], ["b", 1, null], ["c", 10, null], ["d", 10, 4], ["e", null, null]]);
  });
  it("reads styles and their ends", () => {
    const [bold, dim, plain] = parseAnsi(`${E}[1;4mx${E}[22;24;2;3;9my${E}[22;23;29mz`);
    expect(bold).toMatchObject({ bold: true, underline: true });
    expect(dim).toMatchObject({ bold: false, dim: true, italic: true, strike: true });
    expect(plain).toMatchObject({ dim: false, italic: false, strike: false });
  });
  it("swaps the sides of inverse text", () => {
    expect(brief(`${E}[31;7mx${E}[27my`)).toEqual([["x", 0, 1], ["y", 1, null]]);
  });
  it("maps 256 and 16 million colours to the nearest of sixteen", () => {
    expect(brief(`${E}[38;5;196mx${E}[38;2;0;0;200my${E}[38:5:244mz${E}[48;5;2mw`)).toEqual([["x", 1, null], ["y", 4, null], ["z", 8, null], ["w", 8, 2]]);
  });
  it("joins neighbours of equal style", () => {
    expect(parseAnsi(`${E}[31ma${E}[31mb${E}[mc${E}[0md`)).toHaveLength(2);
  });
  it("drops every other escape and stray control", () => {
    expect(stripAnsi(`a${E}[2Kb${E}[1;1Hc${E}]0;title\u0007d${E}]8;;http://x${E}\\link${E}]8;;${E}\\e${E}(Bf\u0007g\u0000h\r${E}[?25li`)).toBe("abcdlinkefghi");
  });
  it("survives what is cut off", () => {
    expect(stripAnsi(`x${E}`)).toBe("x");
    expect(stripAnsi(`x${E}]0;unfinished`)).toBe("x");
    expect(brief(`${E}[38;5mx`)).toEqual([["x", 0, null]]);
    expect(brief(`${E}[38mx`)).toEqual([["x", null, null]]);
  });
});
