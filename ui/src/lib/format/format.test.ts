// Durations and amounts in words.
import { describe, expect, it } from "vitest";
import { countOf, formatBytes, formatCount, formatCpu, shortPath } from "./amount";
import { sentence } from "./sentence";
import { formatAgo, formatClock, formatDuration, formatLatency, formatMoment, formatUptime, momentWithin } from "./duration";

describe("durations", () => {
  it.each([[0, "0 ms"], [-5, "0 ms"], [850, "850 ms"], [3_240, "3.2 s"], [9_960, "9s"], [42_000, "42s"], [252_000, "4m 12s"], [7_500_000, "2h 05m"], [273_600_000, "3d 4h"]])(
    "%d ms is %s", (millis, text) => expect(formatDuration(millis)).toBe(text));
  it("ticks by the second", () => {
    expect(formatUptime(999)).toBe("0s");
    expect(formatUptime(60_000)).toBe("1m 00s");
  });
  it("says how long ago, never in the future", () => {
    expect(formatAgo(10_000, 10_500)).toBe("now");
    expect(formatAgo(72_000, 12_000)).toBe("1m ago");
    expect(formatAgo(3 * 86_400_000, 0)).toBe("3d ago");
  });
  it.each([[480, "480 µs"], [3_100, "3.1 ms"], [120_400, "120 ms"], [1_400_000, "1.4 s"]])("%d µs is %s", (micros, text) =>
    expect(formatLatency(micros)).toBe(text));
  it("shows local time with milliseconds", () => {
    expect(formatClock(new Date(2026, 0, 2, 3, 4, 5, 6).getTime())).toBe("03:04:05.006");
  });
  it("names today and yesterday", () => {
    const now = new Date(2026, 10, 22, 12).getTime();
    expect(formatMoment(new Date(2026, 10, 22, 7, 5).getTime(), now)).toBe("Today, 07:05");
    expect(formatMoment(new Date(2026, 10, 21, 7, 5).getTime(), now)).toBe("Yesterday, 07:05");
    expect(momentWithin(new Date(2026, 10, 22, 7, 5).getTime(), now)).toBe("today, 07:05");
    expect(formatMoment(new Date(2026, 9, 3, 7, 5).getTime(), now)).toBe("Oct 3, 07:05");
  });
});

describe("amounts", () => {
  it.each([[0, "0 B"], [512, "512 B"], [1_023, "1.00 KB"], [4_404_019, "4.20 MB"], [123_731_968, "118 MB"], [1_406_611_128, "1.31 GB"]])(
    "%d bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));
  it.each([[0.31, "0.3%"], [9.96, "10%"], [240.4, "240%"]])("%d is %s of a core", (value, text) => expect(formatCpu(value)).toBe(text));
  it.each([[999, "999"], [1_234, "1.2k"], [45_100, "45k"], [999_700, "1.0M"], [31_000_000, "31M"]])("%d is %s", (value, text) =>
    expect(formatCount(value)).toBe(text));
  it("counts nouns", () => {
    expect(countOf(1, "service")).toBe("1 service");
    expect(countOf(1_200, "service")).toBe("1,200 services");
  });
  it("keeps the end of a path", () => {
    expect(shortPath("/home/me/shop")).toBe("/home/me/shop");
    expect(shortPath("/home/someone/projects/company/backend/shop")).toBe("…/projects/company/backend/shop");
  });
});

describe("a message standing alone", () => {
  it.each([["the engine is being started", "The engine is being started"], ["auth-service is unknown", "auth-service is unknown"], ["`x` fails", "`x` fails"], ["", ""]])(
    "%s becomes %s", (message, shown) => expect(sentence(message)).toBe(shown));
});
