// Following, standing still and asking anew, against a log that is held here.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Backend, BackendEvent } from "../backend/backend";
import { FakeLogStore } from "../backend/fake/log-store";
import type { LogQuery } from "../bindings";
import { LogView } from "./log-view.svelte";

describe("a log view", () => {
  let log: FakeLogStore;
  let asked: LogQuery[];
  let handlers: ((event: BackendEvent) => void)[];
  let view: LogView;
  const write = (count: number, severity: "info" | "error" = "info"): void => {
    for (let index = 0; index < count; index++) log.append({ time: 0, service: "a", generation: 1, stream: "stdout", severity, body: "x" });
  };
  const changed = async (): Promise<void> => {
    for (const handler of handlers) handler({ type: "changed", environment: "e", topics: ["logs"] });
    // Longer than the pause between two looks, also in a flood.
    await vi.advanceTimersByTimeAsync(270);
  };

  beforeEach(async () => {
    vi.useFakeTimers({ now: 1_000_000 });
    log = new FakeLogStore();
    asked = [];
    handlers = [];
    const backend = {
      call: async (_method: string, { query }: { query: LogQuery }) => { asked.push(query); return log.query(query); },
      subscribe: (handler: (event: BackendEvent) => void) => { handlers.push(handler); return () => void (handlers = []); },
    } as unknown as Backend;
    write(2_500);
    view = new LogView(backend, "e");
    await vi.advanceTimersByTimeAsync(0);
  });
  afterEach(() => {
    view.dispose();
    vi.useRealTimers();
  });

  it("begins with the newest thousand", () => {
    expect(view.window.records).toHaveLength(1_000);
    expect(view.window.records.at(-1)?.seq).toBe(2_500);
    expect(view.window.moreBefore).toBe(true);
  });
  it("follows by asking only for what is newer", async () => {
    write(3);
    await changed();
    expect(asked.at(-1)).toMatchObject({ after: 2_500 });
    expect(view.window.records.at(-1)?.seq).toBe(2_503);
  });
  it("jumps to the end where more came than it can read", async () => {
    write(9_000);
    await changed();
    expect(view.window.records.at(-1)?.seq).toBe(11_500);
    expect(view.window.records).toHaveLength(1_000);
  });
  it("fetches little while a flood goes on, and goes on without a gap when it is over", async () => {
    write(9_000);
    await changed();
    for (let times = 0; times < 3; times++) {
      write(9_000);
      const count = asked.length;
      await changed();
      expect(asked.slice(count)).toMatchObject([{ after: null, limit: 300 }]);
      expect(view.window.records.at(-1)?.seq).toBe(log.query({ ...asked[0]!, limit: 1 }).newest);
    }
    const [first] = view.window.records;
    write(10);
    await changed();
    expect(view.window.records).toHaveLength(310);
    expect(view.window.records[0]).toEqual(first);
    expect(view.window.moreBefore).toBe(true);
    expect(view.window.moreAfter).toBe(false);
    write(700);
    await changed();
    expect(asked.at(-1)).toMatchObject({ after: 38_510 });
    expect(view.window.records.at(-1)?.seq).toBe(39_210);
    const seqs = view.window.records.map(({ seq }) => seq);
    expect(seqs.every((seq, index) => index === 0 || seq === seqs[index - 1]! + 1)).toBe(true);
  });
  it("looks four times a second while a flood goes on, and more often before and after", async () => {
    const asksIn = async (lines: number): Promise<number> => {
      const before = asked.length;
      for (let time = 0; time < 1_000; time += 50) {
        write(lines);
        for (const handler of handlers) handler({ type: "changed", environment: "e", topics: ["logs"] });
        await vi.advanceTimersByTimeAsync(50);
      }
      return asked.length - before;
    };
    expect(await asksIn(1)).toBe(10);
    await asksIn(2_000);
    expect(await asksIn(2_000)).toBe(4);
    await asksIn(1);
    expect(await asksIn(1)).toBe(10);
  });
  it("stands still and counts, by level, what it does not show", async () => {
    view.ask({ services: [], level: "error", text: "" });
    await vi.advanceTimersByTimeAsync(200);
    view.pause();
    write(5);
    write(2, "error");
    await changed();
    expect(view.waiting).toBe(2);
    expect(view.window.records).toHaveLength(0);
    view.follow();
    await vi.advanceTimersByTimeAsync(200);
    expect(view.window.records).toHaveLength(2);
    expect(view.waiting).toBe(0);
  });
  it("loads older ones on demand", async () => {
    const before = vi.fn();
    view.pause();
    expect(await view.older(before)).toBe(500);
    expect(before).toHaveBeenCalledOnce();
    expect(view.window.records[0]?.seq).toBe(1_001);
  });
  it("hides what was cleared until asked", async () => {
    view.clear();
    expect(view.window.records).toHaveLength(0);
    write(2);
    await changed();
    expect(view.window.records).toHaveLength(2);
    view.showCleared();
    await vi.advanceTimersByTimeAsync(200);
    expect(view.window.records).toHaveLength(1_000);
  });
  it("does not repeat a question that cannot be understood", async () => {
    view.ask({ services: [], level: null, text: '"open' });
    await vi.advanceTimersByTimeAsync(200);
    expect(view.error?.code).toBe("invalid");
    const count = asked.length;
    for (let times = 0; times < 5; times++) await changed();
    expect(asked).toHaveLength(count);
    view.ask({ services: [], level: null, text: "x" });
    await vi.advanceTimersByTimeAsync(200);
    expect([view.error, view.window.records.length]).toEqual([null, 1_000]);
  });
  it("is silent after it is disposed of", async () => {
    const count = asked.length;
    view.dispose();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(count);
  });
});
