// Collecting a filtered set page by page.
import { expect, it } from "vitest";
import { FakeLogStore } from "../backend/fake/log-store";
import { collect, exportName } from "./export";
import { queryOf } from "./log-view.svelte";

function store(count: number): FakeLogStore {
  const log = new FakeLogStore();
  for (let index = 0; index < count; index++) log.append({ time: index, service: index % 2 ? "a" : "b", generation: 1, stream: "stdout", severity: "info", body: `line ${index}` });
  return log;
}
const query = queryOf({ services: ["a"], level: null, text: "" });

it("collects everything that matches, in order, over several pages", async () => {
  const log = store(24_000);
  const { parts, records, cut } = await collect(async (asked) => log.query(asked), query, "text");
  expect([records, cut, parts.length]).toEqual([12_000, false, 3]);
  const lines = parts.join("").trimEnd().split("\n");
  expect(lines[0]).toBe("1970-01-01T00:00:00.001Z a INFO line 1");
  expect(lines.at(-1)).toContain("line 23999");
});
it("writes one JSON object a line", async () => {
  const log = store(4);
  const { parts } = await collect(async (asked) => log.query(asked), query, "ndjson");
  expect(parts.join("").trimEnd().split("\n").map((line) => (JSON.parse(line) as { body: string }).body)).toEqual(["line 1", "line 3"]);
});
it("says when it was too much for a page", async () => {
  const log = store(24_000);
  const { records, cut } = await collect(async (asked) => log.query(asked), query, "text", 250_000);
  expect([records, cut]).toEqual([5_000, true]);
});
it("goes on where a search stopped, and never turns in a circle", async () => {
  const log = store(10);
  let asked = 0;
  const limping = async (): Promise<ReturnType<FakeLogStore["query"]>> => ({ ...log.query(query), records: [], more: true, complete: false, reached: Math.min(3, ++asked) });
  const { cut } = await collect(limping, query, "text");
  expect([asked, cut]).toEqual([4, true]);
});
it("has a name that a file may have", () => {
  expect(exportName("my shop/1", "ndjson", Date.UTC(2026, 10, 22, 14, 3))).toBe("my-shop-1-logs-2026-11-22-1403.ndjson");
});
