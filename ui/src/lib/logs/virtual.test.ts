// The arithmetic of long lists.
import { describe, expect, it } from "vitest";
import { fixedSlice, offsetsOf, rowAt, variableSlice, wrappedLines } from "./virtual";

describe("a long list", () => {
  it("draws what is seen and a little around it", () => {
    expect(fixedSlice(5_000, 20, 2_000, 400)).toEqual({ start: 88, end: 132, top: 1_760, total: 100_000 });
  });
  it("stays inside at both ends and when empty", () => {
    expect(fixedSlice(10, 20, 0, 400)).toMatchObject({ start: 0, end: 10 });
    expect(fixedSlice(10, 20, 99_999, 400)).toMatchObject({ start: 10, end: 10 });
    expect(fixedSlice(0, 20, 0, 400)).toEqual({ start: 0, end: 0, top: 0, total: 0 });
    expect(variableSlice(offsetsOf([], 20), 0, 400)).toEqual({ start: 0, end: 0, top: 0, total: 0 });
  });
  it("finds rows of differing heights", () => {
    const offsets = offsetsOf([1, 3, 1, 2], 20);
    expect([...offsets]).toEqual([0, 20, 80, 100, 140]);
    expect([0, 19, 20, 79, 80, 139, 999].map((distance) => rowAt(offsets, distance))).toEqual([0, 0, 1, 1, 2, 3, 3]);
    expect(variableSlice(offsets, 30, 40)).toEqual({ start: 0, end: 4, top: 0, total: 140 });
  });
  it("knows how many lines a text takes", () => {
    expect(wrappedLines("", 80)).toBe(1);
    expect(wrappedLines("x".repeat(81), 80)).toBe(2);
    expect(wrappedLines("a\nb\n", 80)).toBe(3);
    expect(wrappedLines("日".repeat(41), 80)).toBe(2);
    expect(wrappedLines("x", 0)).toBe(1);
  });
});
