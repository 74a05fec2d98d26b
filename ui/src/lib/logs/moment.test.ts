// Moments as they are written and as they are shown.
import { describe, expect, it } from "vitest";
import { parseMoment, relativeText, timeText } from "./moment";

const now = new Date(2026, 10, 22, 14, 30, 0).getTime();

describe("a moment", () => {
  it.each<[string, number]>([
    ["14:03", new Date(2026, 10, 22, 14, 3).getTime()],
    ["14:03:22.5", new Date(2026, 10, 22, 14, 3, 22, 500).getTime()],
    ["23:00", new Date(2026, 10, 21, 23, 0).getTime()],
    ["2026-11-20 08:00", new Date(2026, 10, 20, 8, 0).getTime()],
    ["2026-11-20", new Date(2026, 10, 20).getTime()],
    ["2026-11-20T08:00:00Z", Date.UTC(2026, 10, 20, 8)],
    ["2026-11-20T08:00:00+02:00", Date.UTC(2026, 10, 20, 6)],
    ["-5m", now - 300_000],
    ["90s ago", now - 90_000],
    ["1.5h", now - 5_400_000],
    [" now ", now],
  ])("is read from %s", (text, at) => {
    expect(parseMoment(text, now)).toBe(at);
  });
  it.each(["", "25:00", "12:61", "yesterday", "5 weeks ago", "2026-13-01", "1"])("is none: %s", (text) => {
    expect(parseMoment(text, now)).toBe(null);
  });
  it("is read in UTC where that is shown", () => {
    expect(parseMoment("2026-11-20 08:00", now, true)).toBe(Date.UTC(2026, 10, 20, 8));
  });
});

describe("the time of a line", () => {
  const at = Date.UTC(2026, 10, 22, 3, 4, 5, 6);
  it("is shown in the zone asked for, with the day where it matters", () => {
    expect(timeText(at, "utc", 0, false)).toBe("03:04:05.006");
    expect(timeText(at, "utc", 0, true)).toBe("11-22 03:04:05.006");
    expect(timeText(at, "local", 0, false)).toMatch(/^\d\d:\d4:05\.006$|^\d\d:\d\d:05\.006$/);
    expect(timeText(at, "off", 0, true)).toBe("");
  });
  it("is a distance where asked for", () => {
    expect([0, 250, -12_040, -252_000, 7_500_000, -90_000_000].map(relativeText)).toEqual(["+0.000s", "+0.250s", "−12.0s", "−4m 12s", "+2h 05m", "−1d 1h"]);
    expect(timeText(at, "relative", at - 1_000, false)).toBe("+1.000s");
  });
});
