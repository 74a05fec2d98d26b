// Durations in words and back, and round marks on the axis.
import { describe, expect, it } from "vitest";
import { formatNs, readNs, ticksOf, writeNs } from "./time";

describe("a duration", () => {
  it.each([[0, "0 ms"], [480, "480 ns"], [12_400, "12.4 µs"], [999_999, "1.00 ms"], [3_100_000, "3.10 ms"], [120_000_000, "120 ms"], [1_400_000_000, "1.40 s"], [125e9, "2m 05s"], [-2_000_000, "−2.00 ms"]])("of %d ns is %s", (nanos, text) => {
    expect(formatNs(nanos)).toBe(text);
  });
  it.each([["250ms", 250e6], ["1.5s", 1.5e9], ["80us", 80e3], ["80 µs", 80e3], ["10", 10e6], ["2m", 120e9]])("is read from %s", (text, nanos) => {
    expect(readNs(text)).toBe(nanos);
  });
  it.each(["", "fast", "10 apples", "-5ms"])("is not read from “%s”", (text) => expect(readNs(text)).toBeNull());
  it("is written as it is read", () => {
    for (const nanos of [80_000, 250e6, 1.5e9, 700]) expect(readNs(writeNs(nanos))).toBe(nanos);
  });
});

describe("the marks of an axis", () => {
  it("are round and within", () => {
    expect(ticksOf(0, 100, 5)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(ticksOf(3, 11, 4)).toEqual([4, 6, 8, 10]);
  });
  it("are none where there is no span", () => {
    expect(ticksOf(5, 5, 4)).toEqual([]);
    expect(ticksOf(0, 10, 0)).toEqual([]);
  });
});
