// The logs panel: follow and pause, filters, marks, errors, and a flood.
import { describe, expect, it } from "vitest";
import { SHOP, until, useBench, withFake } from "./page";
import type { Page } from "playwright-core";

const bench = useBench();
const address = `#/e/${SHOP}/logs`;
const lastSeq = async (page: Page): Promise<number> => Number(await page.getByTestId("log-row").last().getAttribute("data-seq"));
/** Where the list stands once the browser has finished moving it: the page hears of a
 *  wheel before the list moves, and draws a frame after it has. */
const atRest = (page: Page): Promise<number> => page.locator("[aria-label='Log lines']").evaluate(async (element) => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  for (let last = -1, still = 0; still < 10; still = element.scrollTop === last ? still + 1 : 0) {
    last = element.scrollTop;
    await frame();
  }
  return element.scrollHeight - element.clientHeight - element.scrollTop;
});
const scrollTo = (page: Page, top: number): Promise<void> => page.locator("[aria-label='Log lines']").evaluate((element, to) => { element.scrollTop = to; }, top);

describe("the logs panel", () => {
  it("follows the end", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("log-row").first().waitFor();
    const before = await lastSeq(page);
    await until(() => lastSeq(page), (seq) => seq > before + 3, "newer lines are shown");
  });
  it("stands still after scrolling up, counts what is new, and jumps to the latest", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("log-row").first().waitFor();
    await page.mouse.move(700, 500);
    await page.mouse.wheel(0, -800);
    const jump = page.getByTestId("jump-to-latest");
    await jump.waitFor();
    await until(() => atRest(page), (left) => left > 600, "the list has been scrolled");
    const first = await page.getByTestId("log-row").first().getAttribute("data-seq");
    await until(() => jump.innerText(), (text) => /^[1-9]\d* new/.test(text), "new lines are counted");
    expect(await page.getByTestId("log-row").first().getAttribute("data-seq")).toBe(first);
    await page.keyboard.press("f");
    await jump.waitFor({ state: "detached" });
  });
  it("loads older lines when scrolled to the top, without a jump", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("log-row").first().waitFor();
    await page.getByTestId("log-follow").click();
    const seen = (): Promise<number> => page.locator("[aria-label='Log lines']").evaluate((list) => {
      const top = list.getBoundingClientRect().top;
      const first = [...list.querySelectorAll("[data-seq]")].find((line) => line.getBoundingClientRect().bottom > top + 1);
      return Number(first?.getAttribute("data-seq"));
    });
    await scrollTo(page, 700);
    const place = await until(seen, (seq) => seq > 0, "a line is in sight");
    await scrollTo(page, 580);
    await until(() => page.locator("[aria-label='Log lines']").evaluate((list) => list.scrollTop), (top) => top > 5_000, "older lines came in above");
    expect(Math.abs((await seen()) - place)).toBeLessThan(40);
    await scrollTo(page, 0);
    await until(seen, (seq) => seq < place - 200, "older lines are shown");
  });
  it("filters by service, level and text, keeps all three in the address, and marks matches", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("service-chip").filter({ hasText: "payment-service" }).click();
    await page.getByTestId("level-debug").click();
    await page.getByTestId("log-search").fill("AUTHORISED");
    await until(() => Promise.resolve(page.url()), (url) => url.includes("service=payment-service") && url.includes("level=debug") && url.includes("text=AUTHORISED"), "the address says so");
    await until(() => page.locator("[data-testid=log-row] .match").count(), (count) => count > 3, "matches are marked");
    const texts = await page.getByTestId("log-row").allInnerTexts();
    expect(texts.every((text) => text.includes("payment-service"))).toBe(true);
    await page.reload();
    await page.locator("[data-testid=log-row] .match").first().waitFor();
    expect(await page.getByTestId("log-search").inputValue()).toBe("AUTHORISED");
  });
  it("goes from error to error and shows a record in full", async () => {
    const page = await bench.open("failing", address);
    await page.getByTestId("log-row").first().waitFor();
    await page.keyboard.press("Shift+e");
    const pane = page.getByTestId("record-pane");
    await pane.waitFor();
    const first = await page.locator("[data-testid=log-row].selected").getAttribute("data-seq");
    await page.keyboard.press("Shift+E");
    const second = await page.locator("[data-testid=log-row].selected").getAttribute("data-seq");
    expect(Number(second)).toBeLessThan(Number(first));
    expect(await page.locator("[data-testid=log-row].selected").getAttribute("data-level")).toMatch(/error|fatal/);
    await page.keyboard.press("Escape");
    await pane.waitFor({ state: "detached" });
  });
  it("keeps its place and its end with wrapped lines", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("log-row").first().waitFor();
    await page.keyboard.press("w");
    await until(() => page.getByTestId("log-row").evaluateAll((rows) => rows.some((element) => element.clientHeight > 20)), Boolean, "some line takes two");
    const cut = await page.getByTestId("log-row").evaluateAll((rows) => rows.filter((element) => element.scrollHeight > element.clientHeight + 1).length);
    expect(cut).toBe(0);
  });
  it("clears, and shows again", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("log-row").nth(20).waitFor();
    await page.getByTestId("log-clear").click();
    await until(() => page.getByTestId("log-row").count(), (count) => count < 12, "the view is cleared");
    await page.getByRole("button", { name: "Show them" }).click();
    await page.getByTestId("log-row").nth(20).waitFor();
  });
  it("copies what is shown", async () => {
    const page = await bench.open("busy", `${address}?service=redis`);
    await page.getByTestId("log-row").first().waitFor();
    await page.getByTestId("log-copy").click();
    const text = await until(() => page.evaluate(() => navigator.clipboard.readText()), (copied) => copied.length > 0, "the clipboard is filled");
    expect(text.split("\n")[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z redis \w+ /);
  });
  it("says how many lines were dropped from memory", async () => {
    const page = await bench.open("busy", address);
    await withFake(page, (fake) => void (fake.world.logs.dropped = 12_345));
    await page.getByText("12,345 older lines dropped from memory").waitFor();
  });
  it("stays responsive under 1000 lines a second", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("log-row").first().waitFor();
    const idle = await frameGaps(page, 3_000);
    await withFake(page, (fake) => void (fake.world.linesPerSecond = 1_000));
    const flood = await frameGaps(page, 10_000);
    const held = await page.getByTestId("log-row").count();
    console.log(`flood against idle: mean gap ${(flood.mean / idle.mean).toFixed(2)}×, worst gap ${(flood.worst / idle.worst).toFixed(2)}× (${flood.worst.toFixed(0)} ms), rows drawn ${held}`);
    expect(held).toBeLessThan(120);
    expect(flood.mean).toBeLessThan(idle.mean * 3);
  });
});

/** Gaps between frames over some time. */
async function frameGaps(page: Page, duration: number): Promise<{ mean: number; worst: number }> {
  return await page.evaluate((millis) => new Promise<{ mean: number; worst: number }>((resolve) => {
    const gaps: number[] = [];
    const begin = performance.now();
    let last = begin;
    const step = (now: number): void => {
      gaps.push(now - last);
      last = now;
      if (now - begin < millis) requestAnimationFrame(step);
      else resolve({ mean: gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length, worst: Math.max(...gaps) });
    };
    requestAnimationFrame(step);
  }), duration);
}
