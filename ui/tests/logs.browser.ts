// The logs panel: follow and pause, filters, marks, errors, and a flood.
import { readFile } from "node:fs/promises";
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
    // The one before may have to be asked for.
    await until(() => page.locator("[data-testid=log-row].selected").getAttribute("data-seq"), (seq) => Number(seq) < Number(first), "an earlier error is selected");
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
  it("says what is wrong with a search, and keeps the lines", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("log-row").first().waitFor();
    await page.getByTestId("log-search").fill('"not closed');
    const problem = page.getByTestId("log-search-problem");
    await problem.waitFor();
    expect(await problem.innerText()).toContain("A quote is not closed, at character 1");
    expect(await page.getByTestId("log-search").getAttribute("aria-describedby")).toBe(await problem.getAttribute("id"));
    expect(await page.getByTestId("log-row").count()).toBeGreaterThan(10);
    await page.getByTestId("log-search").fill("service=redis -level=debug");
    await problem.waitFor({ state: "detached" });
    await until(() => page.getByTestId("log-row").allInnerTexts(), (texts) => texts.length > 3 && texts.every((text) => text.includes("redis")), "only redis is shown");
  });
  it("puts an example of the help into the search", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("log-search-help").click();
    await page.getByRole("menuitem").filter({ hasText: "level>=warn" }).click();
    await until(() => page.getByTestId("log-row").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-level"))), (levels) => levels.length > 3 && levels.every((level) => level === "warn" || level === "error"), "only warnings and errors are shown");
    expect(await page.getByTestId("log-search").inputValue()).toBe("level>=warn");
  });
  it("marks instead of filtering, and walks from match to match beyond what is loaded", async () => {
    const page = await bench.open("busy", `${address}?text=${encodeURIComponent("checkpoints are occurring")}&mark=1`);
    await page.getByTestId("log-row").first().waitFor();
    const total = await page.getByTestId("log-row").count();
    expect(total).toBeGreaterThan(10);
    const selected = (): Promise<number> => page.locator("[data-testid=record-pane]").evaluateAll((panes) => Number(panes[0]?.getAttribute("data-seq") ?? 0));
    const seen: number[] = [];
    for (let count = 0; count < 3; count++) {
      await page.keyboard.press("N");
      seen.push(await until(selected, (seq) => seq > 0 && (seen.length === 0 || seq < (seen.at(-1) as number)), "an earlier match is selected"));
    }
    expect(await page.getByTestId("record-pane").innerText()).toContain("checkpoints are occurring");
    await page.keyboard.press("n");
    await until(selected, (seq) => seq === seen[1], "the match after it is selected again");
  });
  it("narrows the time by a drag over the histogram, also by keys, and back", async () => {
    const page = await bench.open("busy", address);
    const strip = page.getByTestId("log-histogram");
    const total = (): Promise<number> => strip.getAttribute("data-total").then(Number);
    const all = await until(total, (count) => count > 1_000, "the histogram is drawn");
    const box = await strip.getByRole("slider").boundingBox();
    if (!box) throw new Error("The histogram has no place");
    await page.mouse.move(box.x + box.width * 0.4, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 20, { steps: 4 });
    await page.mouse.up();
    await until(() => Promise.resolve(page.url()), (url) => /since=\d+&until=\d+/.test(url), "the address has the range");
    const some = await until(total, (count) => count > 0 && count < all / 4, "only the range is counted");
    await page.getByTestId("log-whole-time").click();
    await until(total, (count) => count >= all, "all is counted again");
    await strip.getByRole("slider").focus();
    for (const key of ["End", "Shift+ArrowLeft", "Shift+PageUp", "Enter"]) await page.keyboard.press(key);
    await until(total, (count) => count > 0 && count < all / 4, "the range chosen by keys is counted");
    expect(some).toBeGreaterThan(0);
    await page.keyboard.press("Escape");
    await until(total, (count) => count >= all, "Escape shows the whole time");
  });
  it("filters and excludes by a field of a record, and shows it as a column", async () => {
    const page = await bench.open("busy", `${address}?service=catalog`);
    await page.getByTestId("log-row").last().click();
    const field = page.getByTestId("record-pane").locator("[data-field=path]");
    await field.hover();
    await field.getByRole("button", { name: "Column path" }).click();
    await page.getByTestId("log-row").locator(".field").first().waitFor();
    await field.getByRole("button", { name: /^No lines with/ }).click();
    await until(() => page.getByTestId("log-search").inputValue(), (text) => text.startsWith("-path="), "the search excludes it");
    await page.getByTestId("log-search").fill("bytes>=1000");
    await page.getByTestId("log-row").first().waitFor();
  });
  it("shows the lines around a hit, whatever the search, and goes back to it", async () => {
    const page = await bench.open("busy", `${address}?service=postgres&text=checkpoint`);
    await page.getByTestId("log-row").nth(2).click();
    const seq = await page.getByTestId("record-pane").getAttribute("data-seq");
    await page.keyboard.press("x");
    await page.getByTestId("log-context").waitFor();
    await until(() => page.getByTestId("log-row").allInnerTexts(), (texts) => texts.some((text) => !text.includes("postgres")), "lines of others are shown");
    expect(await page.locator("[data-testid=log-row].selected").getAttribute("data-seq")).toBe(seq);
    await page.keyboard.press("Escape");
    await page.getByTestId("log-context").waitFor({ state: "detached" });
    await until(() => page.getByTestId("log-row").allInnerTexts(), (texts) => texts.length > 0 && texts.every((text) => text.includes("postgres")), "only what was searched for is shown");
    expect(await page.locator("[data-testid=log-row].selected").getAttribute("data-seq")).toBe(seq);
  });
  it("goes to a time, and says when it is none", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("log-row").first().waitFor();
    await page.keyboard.press("g");
    await page.getByTestId("jump-time").fill("noon");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").filter({ hasText: "This is not a time" }).waitFor();
    await page.getByTestId("jump-time").fill("-5m");
    const wanted = Date.now() - 300_000;
    await page.keyboard.press("Enter");
    const shown = page.getByTestId("record-pane").locator(".time");
    await shown.waitFor();
    const at = new Date((await shown.innerText()).replace(" ", "T")).getTime();
    expect(Math.abs(at - wanted)).toBeLessThan(30_000);
  });
  it("puts repeats together and counts them", async () => {
    const page = await bench.open("busy", `${address}?service=redis`);
    await page.getByTestId("log-row").first().waitFor();
    await withFake(page, (fake) => { for (let count = 0; count < 7; count++) fake.world.note("redis", "Reconnecting", Date.now()); });
    await page.getByTestId("log-row").filter({ hasText: "Reconnecting" }).nth(6).waitFor();
    await page.keyboard.press("d");
    await page.getByTestId("log-row").filter({ hasText: "×7" }).waitFor();
    expect(await page.getByTestId("log-row").filter({ hasText: "Reconnecting" }).count()).toBe(1);
  });
  it("goes round the kinds of time", async () => {
    const page = await bench.open("busy", address);
    const time = page.getByTestId("log-row").last().locator("time");
    await time.waitFor();
    for (const form of [/^\d\d:\d\d:\d\d\.\d{3}$/, /^[−+]\d+\.\d+s$/]) {
      await page.keyboard.press("t");
      await until(() => time.innerText(), (text) => form.test(text), `times look like ${form}`);
    }
    await page.keyboard.press("t");
    await until(() => page.getByTestId("log-row").locator("time").count(), (count) => count === 0, "times are gone");
  });
  it("says how far it searched, and goes on", async () => {
    const page = await bench.open("million", `${address}?text=${encodeURIComponent('"request 700123 "')}`);
    const searched = page.getByTestId("log-searched");
    await searched.waitFor();
    for (let count = 0; count < 6 && (await searched.count()) > 0; count++) {
      const before = await withFake(page, (fake) => fake.calls["logs.query"] ?? 0);
      await page.getByRole("button", { name: /^(Search on|Go on)$/ }).first().click();
      await until(() => withFake(page, (fake) => fake.calls["logs.query"] ?? 0), (calls) => calls > before, "it was asked again");
      if (await page.getByTestId("log-row").filter({ hasText: "request 700123 " }).count()) break;
    }
    await page.getByTestId("log-row").filter({ hasText: "request 700123 " }).waitFor();
  });
  it("writes what matches to a file", async () => {
    const page = await bench.open("busy", `${address}?service=redis`);
    await page.getByTestId("log-row").first().waitFor();
    await page.getByTestId("log-export").click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: /As NDJSON/ }).click()]);
    expect(download.suggestedFilename()).toMatch(/^shop-logs-.*\.ndjson$/);
    const lines = (await readFile(await download.path(), "utf8")).trimEnd().split("\n").map((line) => JSON.parse(line) as { service: string });
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.every(({ service }) => service === "redis")).toBe(true);
  });
  it("shows the logs of one run from the runs, and of all by choice", async () => {
    const page = await bench.open("busy", `#/e/${SHOP}/runs`);
    await page.getByTestId("run-row").nth(1).click();
    await page.getByTestId("run-logs").click();
    await until(() => Promise.resolve(page.url()), (url) => url.includes("run="), "the address names the run");
    await until(() => withFake(page, (fake) => fake.asked["logs.query"]), (asked) => JSON.stringify(asked).includes('"run":"'), "the run is asked for");
    await page.getByTestId("log-run").click();
    await page.getByRole("menuitemcheckbox", { name: /All runs/ }).click();
    await until(() => withFake(page, (fake) => fake.asked["logs.query"]), (asked) => JSON.stringify(asked).includes('"run":null'), "all runs are asked for");
  });
  it("links a line to what its service was then", async () => {
    const page = await bench.open("failing", `${address}?service=elasticsearch`);
    await page.getByTestId("log-row").last().click();
    const then = page.getByTestId("state-then");
    await then.waitFor();
    expect(await then.innerText()).toContain("Degraded then");
    await then.click();
    await page.getByTestId("details-pane").waitFor();
    expect(page.url()).toContain("select=elasticsearch");
  });
  it("scrolls through a million lines without losing frames", async () => {
    const page = await bench.open("million", address);
    await page.getByTestId("log-row").first().waitFor();
    await page.getByTestId("log-follow").click();
    const idle = await frameGaps(page, 3_000);
    const before = await page.getByTestId("log-row").first().getAttribute("data-seq");
    const scrolled = await frameGaps(page, 8_000, 90);
    const after = Number(await page.getByTestId("log-row").first().getAttribute("data-seq"));
    const passed = Number(before) - after;
    const held = await page.getByTestId("log-row").count();
    console.log(`scrolling 1,002,000 lines against idle: mean gap ${(scrolled.mean / idle.mean).toFixed(2)}×, 99 of 100 within ${(scrolled.most / idle.most).toFixed(2)}× (${scrolled.most.toFixed(0)} ms), worst ${scrolled.worst.toFixed(0)} ms, ${passed} lines passed, rows drawn ${held}`);
    expect(passed).toBeGreaterThan(1_000);
    expect(held).toBeLessThan(120);
    expect(scrolled.mean).toBeLessThan(idle.mean * 3);
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
  it("draws the lines of a flood with the elements that are there: a web view gives the memory of old ones back late", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("log-row").first().waitFor();
    await withFake(page, (fake) => void (fake.world.linesPerSecond = 20_000));
    const start = await lastSeq(page);
    await until(() => lastSeq(page), (seq) => seq > start + 20_000, "the flood is followed");
    const rows = page.getByTestId("log-row");
    await rows.evaluateAll((elements) => elements.forEach((element) => element.setAttribute("data-mine", "")));
    const before = await lastSeq(page);
    await until(() => lastSeq(page), (seq) => seq > before + 40_000, "none of the lines is left");
    const [kept, drawn] = await rows.evaluateAll((elements) => [elements.filter((element) => element.hasAttribute("data-mine")).length, elements.length]);
    expect(kept).toBeGreaterThan((drawn ?? Infinity) * 0.8);
    const numbers = await rows.evaluateAll((elements) => elements.map((element) => Number(element.getAttribute("data-seq"))));
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
  });
});

/** Gaps between frames over some time; with `step`, the list moves up so many pixels a frame. */
async function frameGaps(page: Page, duration: number, step = 0): Promise<{ mean: number; most: number; worst: number }> {
  return await page.evaluate(([millis, pixels]) => new Promise<{ mean: number; most: number; worst: number }>((resolve) => {
    const gaps: number[] = [];
    const list = document.querySelector("[aria-label='Log lines']");
    const begin = performance.now();
    let last = begin;
    const frame = (now: number): void => {
      gaps.push(now - last);
      last = now;
      if (pixels && list) list.scrollTop -= pixels;
      if (now - begin < millis) return void requestAnimationFrame(frame);
      const sorted = gaps.toSorted((one, other) => one - other);
      resolve({ mean: gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length, most: sorted[Math.floor(sorted.length * 0.99)] ?? 0, worst: sorted.at(-1) ?? 0 });
    };
    requestAnimationFrame(frame);
  }), [duration, step] as const);
}
