// One question in flight, coalesced, with a poll as a fallback.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Puller } from "./puller";

describe("a puller", () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => void vi.useRealTimers());

  it("asks at once, then by polling", async () => {
    const pull = vi.fn(async () => {});
    const puller = new Puller(pull, { interval: 100, poll: 5_000 });
    puller.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(pull).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(pull).toHaveBeenCalledTimes(2);
  });

  it("makes one question of many requests", async () => {
    const pull = vi.fn(async () => {});
    const puller = new Puller(pull, { interval: 100, poll: 0 });
    puller.start();
    await vi.advanceTimersByTimeAsync(0);
    for (let count = 0; count < 50; count++) puller.request();
    await vi.advanceTimersByTimeAsync(99);
    expect(pull).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(pull).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(pull).toHaveBeenCalledTimes(2);
  });

  it("asks less often while it is told to", async () => {
    const pull = vi.fn(async () => {});
    const puller = new Puller(pull, { interval: 100, poll: 0 });
    const asked = async (millis: number): Promise<number> => {
      const before = pull.mock.calls.length;
      for (let time = 0; time < millis; time += 10) {
        puller.request();
        await vi.advanceTimersByTimeAsync(10);
      }
      return pull.mock.calls.length - before;
    };
    puller.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(await asked(1_000)).toBe(10);
    puller.pace(250);
    expect(await asked(1_000)).toBe(4);
    puller.pace(100);
    expect(await asked(1_000)).toBe(10);
  });

  it("never has two questions in flight, and asks again when told meanwhile", async () => {
    const answers: (() => void)[] = [];
    const pull = vi.fn(() => new Promise<void>((resolve) => answers.push(resolve)));
    const puller = new Puller(pull, { interval: 100, poll: 5_000 });
    puller.start();
    await vi.advanceTimersByTimeAsync(0);
    puller.request();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(pull).toHaveBeenCalledTimes(1);
    answers[0]?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(pull).toHaveBeenCalledTimes(2);
  });

  it("rests after an answer that took long, where it is told to", async () => {
    const pull = vi.fn(() => new Promise<void>((resolve) => void setTimeout(resolve, 300)));
    const puller = new Puller(pull, { interval: 100, poll: 0, rest: 5 });
    puller.start();
    await vi.advanceTimersByTimeAsync(300);
    puller.request();
    await vi.advanceTimersByTimeAsync(1_499);
    expect(pull).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(pull).toHaveBeenCalledTimes(2);
  });

  it("does not rest where another question was meant while one was in flight", async () => {
    const pull = vi.fn(() => new Promise<void>((resolve) => void setTimeout(resolve, 300)));
    const puller = new Puller(pull, { interval: 100, poll: 0, rest: 5 });
    puller.start();
    await vi.advanceTimersByTimeAsync(100);
    puller.urge();
    await vi.advanceTimersByTimeAsync(200);
    expect(pull).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(pull).toHaveBeenCalledTimes(2);
  });

  it("is silent after stop", async () => {
    const pull = vi.fn(async () => {});
    const puller = new Puller(pull);
    puller.start();
    puller.stop();
    puller.request();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(pull).not.toHaveBeenCalled();
  });
});
