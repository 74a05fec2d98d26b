// Merging pages into the window that the page holds.
import { describe, expect, it } from "vitest";
import type { Level, LogPage, LogRecord } from "../bindings";
import { appendNewer, CAPACITY, EMPTY, joinAround, matching, nextError, prependOlder, replaceWith, type LogWindow } from "./window";

const record = (seq: number, severity: Level = "info"): LogRecord => ({ seq, time: seq, service: "a", generation: 1, stream: "stdout", severity, body: `line ${seq}` });
const page = (from: number, to: number, more = false): LogPage => ({
  records: Array.from({ length: to - from + 1 }, (_, index) => record(from + index)), newest: to, more, dropped: 0, levels: [0, 0, to, 0, 0, 0],
  services: [], matched: null, complete: true, reached: from, scanned_bytes: 0,
});
const ends = (window: { records: readonly LogRecord[] }): (number | undefined)[] => [window.records[0]?.seq, window.records.at(-1)?.seq, window.records.length];

describe("the log window", () => {
  it("begins with the newest page", () => {
    const window = replaceWith(page(101, 200, true));
    expect(ends(window)).toEqual([101, 200, 100]);
    expect(window).toMatchObject({ moreBefore: true, moreAfter: false, newest: 200 });
  });
  it("takes newer records, without repeating any", () => {
    const window = appendNewer(replaceWith(page(1, 10)), page(8, 12));
    expect(ends(window)).toEqual([1, 12, 12]);
  });
  it("drops the oldest beyond its capacity and remembers that there are more", () => {
    const window = appendNewer(replaceWith(page(1, CAPACITY)), page(CAPACITY + 1, CAPACITY + 7));
    expect(ends(window)).toEqual([8, CAPACITY + 7, CAPACITY]);
    expect(window.moreBefore).toBe(true);
  });
  it("takes older records and drops the newest", () => {
    const window = prependOlder(replaceWith(page(501, 500 + CAPACITY, true)), page(1, 500));
    expect(ends(window)).toEqual([1, CAPACITY, CAPACITY]);
    expect(window).toMatchObject({ moreBefore: false, moreAfter: true });
  });
  it("keeps the identity of its records where nothing came", () => {
    const window = replaceWith(page(1, 3));
    expect(appendNewer(window, { ...page(1, 3), records: [] }).records).toBe(window.records);
    expect(appendNewer(EMPTY, page(1, 2)).records).toHaveLength(2);
  });
  it("numbers its records from where it began, whatever came and went around them", () => {
    const numberOf = (window: LogWindow, seq: number): number => window.offset + window.records.findIndex((one) => one.seq === seq);
    const begun = replaceWith(page(501, 500 + CAPACITY, true));
    const appended = appendNewer(begun, page(501 + CAPACITY, 510 + CAPACITY));
    expect(numberOf(appended, 600)).toBe(numberOf(begun, 600));
    const prepended = prependOlder(begun, page(1, 500));
    expect(numberOf(prepended, 600)).toBe(numberOf(begun, 600));
    expect(replaceWith(page(900, 1_000)).offset).toBe(0);
  });
  it("goes on where a search stopped before its end", () => {
    const window = replaceWith({ ...page(501, 510, true), complete: false, reached: 400 });
    expect(window.searched).toBe(400);
    expect(appendNewer(window, { ...page(511, 512), complete: false, reached: 512, newest: 900 })).toMatchObject({ searched: 400, newest: 512 });
    expect(prependOlder(window, page(1, 10)).searched).toBe(null);
  });
  it("joins what lies before a place and what lies after it", () => {
    expect(joinAround(page(1, 10, true), page(11, 20, true))).toMatchObject({ moreBefore: true, moreAfter: true, newest: 20 });
  });
  it("counts what matches a level", () => {
    expect(matching([1, 2, 3, 4, 5, 6], null)).toBe(21);
    expect(matching([1, 2, 3, 4, 5, 6], "warn")).toBe(15);
  });
  it("finds the next error in both directions, going round", () => {
    const records = [record(1, "error"), record(2), record(3, "fatal"), record(4)];
    expect(nextError(records, 0, 1)).toBe(2);
    expect(nextError(records, 2, 1)).toBe(0);
    expect(nextError(records, 0, -1)).toBe(2);
    expect(nextError([record(1)], -1, 1)).toBe(-1);
    expect(nextError([], -1, 1)).toBe(-1);
  });
});
