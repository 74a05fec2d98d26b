// Which command a few letters mean.
import { describe, expect, it } from "vitest";
import { fuzzyMatch } from "./fuzzy";

const best = (query: string, ...titles: string[]): string | undefined =>
  titles.map((title) => ({ title, match: fuzzyMatch(query, title) })).filter(({ match }) => match !== null)
    .sort((one, other) => (other.match?.score ?? 0) - (one.match?.score ?? 0))[0]?.title;

describe("a fuzzy match", () => {
  it("wants every letter in order", () => {
    expect(fuzzyMatch("abc", "acb")).toBeNull();
    expect(fuzzyMatch("", "anything")).toEqual({ score: 0, positions: [] });
  });
  it("prefers starts of words", () => {
    expect(fuzzyMatch("ro", "Restart order-service")?.positions).toEqual([0, 8]);
    expect(best("sta", "Show logs of data", "Start all")).toBe("Start all");
  });
  it("ignores blanks and case", () => {
    expect(best("RES or", "Resources", "Restart catalog", "Restart order-service")).toBe("Restart order-service");
  });
  it("prefers runs of letters and short titles", () => {
    expect(best("logs", "Go to Logs", "Load old graphs")).toBe("Go to Logs");
    expect(best("stop", "Stop all", "Stop recommendations")).toBe("Stop all");
  });
});
