// Traces over the simulated engine: the list, one trace in its three forms, the map, and
// the ways that lead to and from them.
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { BIG, HUGE, ODD } from "../src/lib/backend/fake/trace-recipes";
import { SHOP, until, useBench, withFake } from "./page";

const bench = useBench();
const address = `#/e/${SHOP}/traces`;
const rows = (page: Page) => page.getByTestId("trace-row");
const spans = (page: Page) => page.getByTestId("span-row");
const selectedSpan = (page: Page) => page.locator("[data-testid=span-row][aria-selected=true]");
const url = (page: Page): Promise<string> => Promise.resolve(decodeURIComponent(page.url()));
const lastQuery = (page: Page) => withFake(page, (fake) => (fake.asked["traces.list"] as { query: Record<string, unknown> } | undefined)?.query ?? {});

/** A trace with an error, opened from the list. */
async function openFailed(page: Page): Promise<void> {
  await rows(page).filter({ hasText: "GET /api/orders" }).first().click();
  await page.getByTestId("waterfall").waitFor();
}

describe("the list of traces", () => {
  it("says how many fit and how long they take, and follows what comes", async () => {
    const page = await bench.open("busy", address);
    await rows(page).first().waitFor();
    expect(Number((await page.getByTestId("trace-matched").innerText()).replace(",", ""))).toBeGreaterThan(100);
    expect(await page.getByTestId("trace-figures").innerText()).toMatch(/p50\s*[\d.]+ ms/);
    const first = await rows(page).first().getAttribute("data-trace");
    await until(() => rows(page).first().getAttribute("data-trace"), (id) => id !== first, "a newer trace comes");
    expect(await rows(page).count()).toBeLessThan(80);
  });
  it("asks the engine for what is typed, and says what is wrong with it", async () => {
    const page = await bench.open("busy", address);
    await rows(page).first().waitFor();
    await page.getByTestId("trace-search").fill("route=/api/checkout duration>=10ms");
    await until(() => rows(page).allInnerTexts(), (texts) => texts.length > 0 && texts.every((text) => text.includes("POST /api/checkout")), "only checkouts are shown");
    expect(await url(page)).toContain("text=route=/api/checkout+duration>=10ms");
    await page.getByTestId("trace-search").fill('"open');
    await page.getByTestId("trace-search-problem").waitFor();
    await page.getByTestId("trace-search").fill("xyzzy");
    await page.getByText("No trace matches").waitFor();
    await page.getByRole("button", { name: "Clear the filter" }).click();
    await rows(page).first().waitFor();
  });
  it("shows failed ones only, and the slowest first", async () => {
    const page = await bench.open("failing", address);
    await rows(page).first().waitFor();
    await page.keyboard.press("e");
    await until(() => rows(page).allInnerTexts(), (texts) => texts.length > 2 && texts.every((text) => /\d errors?/.test(text)), "every trace has an error");
    await page.keyboard.press("o");
    await until(async () => (await lastQuery(page)).order, (order) => order === "slowest", "the slowest are asked for");
    await until(async () => (await rows(page).locator(".duration > .tabular").allInnerTexts()).slice(0, 6).map((text) => parseFloat(text)), (millis) => millis.length > 2 && millis.every((value, index) => index === 0 || value <= (millis[index - 1] ?? 0)), "they stand in order");
    expect(await url(page)).toMatch(/errors=1.*order=slowest/);
  });
  it("narrows time and duration by a drag over the dots, and goes back by Escape", async () => {
    const page = await bench.open("busy", address);
    const plot = page.getByTestId("trace-scatter");
    await plot.waitFor();
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + 200, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + 500, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.getByTestId("trace-bounds").waitFor();
    const query = await until(() => lastQuery(page), ({ min_ns, since }) => min_ns != null && since != null, "the engine is asked for the rectangle");
    expect(Number(query.max_ns)).toBeGreaterThan(Number(query.min_ns));
    expect(Number(query.until)).toBeGreaterThan(Number(query.since));
    await page.keyboard.press("Escape");
    await page.getByTestId("trace-bounds").waitFor({ state: "detached" });
  });
  it("narrows time and duration by keys, from dot to dot", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("trace-scatter").focus();
    await page.keyboard.press("ArrowLeft");
    for (let step = 0; step < 12; step++) await page.keyboard.press("Shift+ArrowLeft");
    await page.getByTestId("trace-scatter").locator(".brush").waitFor();
    await page.keyboard.press("Enter");
    await page.getByTestId("trace-bounds").waitFor();
    const query = await until(() => lastQuery(page), ({ min_ns, since }) => min_ns != null && since != null, "the engine is asked for the rectangle");
    expect(Number(query.max_ns)).toBeGreaterThan(Number(query.min_ns));
    expect(Number(query.until)).toBeGreaterThan(Number(query.since));
  });
  it("is walked by keys, dots and rows alike", async () => {
    const page = await bench.open("busy", address);
    await rows(page).first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    const chosen = await page.locator("[data-testid=trace-row][aria-selected=true]").getAttribute("data-trace");
    await page.keyboard.press("Enter");
    await page.getByTestId("trace-view").waitFor();
    expect(await page.getByTestId("trace-view").getAttribute("data-trace")).toBe(chosen);
    await page.keyboard.press("Escape");
    await rows(page).first().waitFor();
    await page.getByTestId("trace-scatter").focus();
    await page.keyboard.press("ArrowLeft");
    expect(await page.getByTestId("trace-scatter").getAttribute("aria-valuetext")).toMatch(/\d+:\d\d:\d\d, [\d.]+ ms/);
    await page.keyboard.press("Enter");
    await page.getByTestId("trace-view").waitFor();
  });
  it("stands still on demand, counts what came, and goes on", async () => {
    const page = await bench.open("busy", address);
    await rows(page).first().waitFor();
    await page.keyboard.press("f");
    const first = await rows(page).first().getAttribute("data-trace");
    await page.getByTestId("trace-latest").filter({ hasText: /\d+ new|Paused/ }).waitFor();
    await page.waitForTimeout(2_000);
    expect(await rows(page).first().getAttribute("data-trace")).toBe(first);
    await page.getByTestId("trace-latest").click();
    await until(() => rows(page).first().getAttribute("data-trace"), (id) => id !== first, "newer traces are shown");
  });
  it("loads more as one scrolls", async () => {
    const page = await bench.open("busy", address);
    await rows(page).first().waitFor();
    await page.keyboard.press("End");
    await until(() => withFake(page, (fake) => (fake.asked["traces.list"] as { query: { before: string | null } }).query.before), (before) => before !== null, "the next page is asked for");
  });
  it("says how to send where there is nothing", async () => {
    const page = await bench.open("stopped", address);
    await page.getByText("No traces yet").waitFor();
    await page.getByTestId("telemetry-help").getByText("4318").waitFor();
    await page.getByTestId("telemetry-help").getByRole("button", { name: "Copy the address" }).first().click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("4317");
  });
  it("says why when the engine does not answer", async () => {
    const page = await bench.open("busy", `#/e/${SHOP}/runs`);
    await withFake(page, (fake) => fake.failNext("traces.list", "The traces of this run cannot be read", "Its file is damaged"));
    await page.getByTestId("nav-traces").click();
    await page.getByText("The traces of this run cannot be read").waitFor();
    await rows(page).first().waitFor();
  });
});

describe("one trace", () => {
  it("is walked, folded and closed by keys, and its address can be reopened", async () => {
    const page = await bench.open("failing", `${address}?errors=1`);
    await rows(page).first().waitFor();
    await openFailed(page);
    const all = await spans(page).count();
    expect(all).toBeGreaterThan(4);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowLeft");
    await until(() => spans(page).count(), (count) => count === 1, "the root hides the rest");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await until(() => spans(page).count(), (count) => count === all, "the rest is back");
    expect(await selectedSpan(page).getAttribute("aria-level")).toBe("2");
    await page.keyboard.press("Enter");
    await until(() => selectedSpan(page).getAttribute("aria-expanded"), (open) => open === "false", "Enter folds");
    const reopened = page.url();
    expect(reopened).toContain("span=");
    await page.keyboard.press("Escape");
    await page.getByTestId("span-pane").waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    await rows(page).first().waitFor();
    expect(page.url()).toContain("errors=1");
    await page.evaluate((to) => { location.href = to; }, reopened);
    await page.getByTestId("span-pane").waitFor();
  });
  it("leads from error to error, with what is said of it", async () => {
    const page = await bench.open("failing", `${address}?errors=1`);
    await rows(page).first().waitFor();
    await openFailed(page);
    await page.keyboard.press("e");
    const first = await selectedSpan(page).getAttribute("data-span");
    await page.getByTestId("span-failure").waitFor();
    await page.keyboard.press("e");
    await until(() => selectedSpan(page).getAttribute("data-span"), (id) => id !== first, "the next error is selected");
    await page.keyboard.press("Shift+E");
    await until(() => selectedSpan(page).getAttribute("data-span"), (id) => id === first, "the one before is selected");
  });
  it("is searched in the language of the logs", async () => {
    const page = await bench.open("busy", `${address}?trace=${BIG}`);
    await page.getByTestId("waterfall").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("sku=SKU-7-3");
    await page.keyboard.press("Enter");
    await until(() => selectedSpan(page).innerText(), (text) => text.includes("PUT /products/{sku}"), "the hit is selected and in sight");
    expect(await page.getByTestId("span-pane").locator("[data-attribute=sku]").innerText()).toContain("SKU-7-3");
    await page.getByTestId("span-search").fill('"open');
    await page.getByTestId("span-search-problem").waitFor();
  });
  it("says what is odd about it", async () => {
    const page = await bench.open("busy", `${address}?trace=${ODD}`);
    const findings = page.getByTestId("trace-findings");
    await findings.waitFor();
    for (const word of ["Orphan", "Duplicate", "Clock skew"]) expect(await findings.innerText()).toContain(word);
    await findings.getByRole("button", { name: "Show" }).first().click();
    await until(() => page.getByTestId("span-pane").innerText(), (text) => text.includes("has not arrived"), "the orphan is shown and named");
  });
  it("shows its critical path alone", async () => {
    const page = await bench.open("busy", `${address}?trace=${ODD}`);
    await page.getByTestId("waterfall").waitFor();
    const all = await spans(page).count();
    await page.keyboard.press("c");
    await until(() => spans(page).count(), (count) => count > 0 && count < all, "fewer spans are shown");
    expect(await page.locator("[data-testid=span-row] .bar:not(.critical)").count()).toBe(0);
  });
  it("shows a part of the time, chosen on the small picture or by keys", async () => {
    const page = await bench.open("busy", `${address}?trace=${ODD}`);
    const map = page.getByTestId("trace-minimap");
    await map.waitFor();
    const box = (await map.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.3, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 20, { steps: 3 });
    await page.mouse.up();
    await until(async () => Number(await map.getAttribute("aria-valuenow")), (at) => at > 20 && at < 40, "the part begins where the drag did");
    await page.keyboard.press("0");
    await until(async () => Number(await map.getAttribute("aria-valuenow")), (at) => at === 0, "the whole is shown");
    await page.keyboard.press("+");
    await page.getByTestId("zoom-out").click();
  });
  it("filters the list by an attribute of a span, and copies it", async () => {
    const page = await bench.open("failing", `${address}?errors=1`);
    await rows(page).first().waitFor();
    await openFailed(page);
    await page.keyboard.press("ArrowDown");
    const attribute = page.locator("[data-attribute='http.route']");
    await attribute.hover();
    await attribute.getByRole("button", { name: "Copy http.route" }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("/api/orders/{id}");
    await attribute.getByRole("button", { name: /^Only traces with/ }).click();
    await rows(page).first().waitFor();
    expect(await url(page)).toContain("text=http.route=/api/orders/{id}");
  });
  it("shows where the time went as a flame graph", async () => {
    const page = await bench.open("busy", `${address}?trace=${BIG}&tab=flame`);
    const graph = page.getByTestId("flame-graph");
    await graph.waitFor();
    expect(Number(await graph.getAttribute("data-boxes"))).toBeGreaterThan(10);
    await page.getByTestId("flame-keys").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await until(() => page.getByTestId("flame-told").innerText(), (text) => /of its own/.test(text), "what is selected is told");
    await page.keyboard.press("Enter");
    await page.getByTestId("flame-whole").waitFor();
    await page.getByTestId("flame-longest").click();
    await page.getByTestId("span-pane").waitFor();
  });
  it("is compared with another by span path", async () => {
    const page = await bench.open("failing", `${address}?text=%22GET%20/api/orders%22`);
    await rows(page).first().waitFor();
    await openFailed(page);
    await page.getByTestId("trace-tab-compare").click();
    await page.getByTestId("compare-candidate").nth(3).click();
    await page.getByTestId("compare-row").first().waitFor();
    expect(await url(page)).toMatch(/tab=compare.*|other=/);
    const words = await page.getByTestId("compare-row").locator(".word").allInnerTexts();
    expect(words.every((word) => ["only here", "only there", "slower there", "faster there", "same"].includes(word))).toBe(true);
    const enabled = page.locator("[data-testid^=compare-]:is(button):not([disabled])[aria-pressed=false]").first();
    const kind = (await enabled.getAttribute("data-testid"))!.replace("compare-", "");
    await enabled.click();
    await until(() => page.getByTestId("compare-row").evaluateAll((list) => list.map((row) => (row as HTMLElement).dataset.change)), (changes) => changes.length > 0 && changes.every((change) => change === kind), "only those of one kind are shown");
  });
  it("says when it is not there", async () => {
    const page = await bench.open("busy", `${address}?trace=ffffffffffffffffffffffffffffffff`);
    await page.getByText("There is no trace ffffffff").waitFor();
    await page.getByRole("button", { name: "All traces" }).click();
    await rows(page).first().waitFor();
  });
});

describe("everything links", () => {
  it("a log line to its trace, a span to its lines, to metrics at that time, to its service", async () => {
    const page = await bench.open("busy", `#/e/${SHOP}/logs?service=web`);
    await page.getByTestId("log-row").nth(4).click();
    await page.getByTestId("record-trace").click();
    await page.getByTestId("waterfall").waitFor();
    await page.getByTestId("span-pane").waitFor();
    await page.getByTestId("span-logs").waitFor();
    // This trace has at least the line that led to it; not every trace has one.
    await page.keyboard.press("l");
    await until(() => url(page), (to) => /logs\?text=trace_id=[0-9a-f]{32}/.test(to), "the lines of the trace are shown");
    await page.getByTestId("log-row").first().waitFor();
    await page.goBack();
    await page.getByTestId("span-metrics").click();
    await page.getByTestId("metric-stretch").waitFor();
    expect(await url(page)).toMatch(/metrics\?service=web&since=\d+&until=\d+/);
    await page.goBack();
    await page.getByTestId("span-service").click();
    await page.getByTestId("details-pane").waitFor();
    await page.getByTestId("details-traces").click();
    await rows(page).first().waitFor();
    expect(await url(page)).toContain("traces?service=web");
  });
  it("the palette to the traces of a service and to the map", async () => {
    const page = await bench.open("busy", `#/e/${SHOP}/resources`);
    // The palette knows the services once they are there.
    await page.getByTestId("service-row").first().waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("traces of catalog");
    await page.getByRole("option", { name: /traces of catalog/i }).first().waitFor();
    await page.keyboard.press("Enter");
    await until(() => url(page), (to) => to.includes("traces?service=catalog"), "its traces are open");
    await page.keyboard.press("3");
    await rows(page).first().waitFor();
  });
});

describe("the map of services", () => {
  it("shows calls beside declarations and where they differ", async () => {
    const page = await bench.open("busy", `${address}?map=1`);
    await page.getByTestId("map-node").first().waitFor();
    const edges = await page.getByTestId("map-edge").evaluateAll((list) => list.map((edge) => [(edge as HTMLElement).dataset.edge, (edge as HTMLElement).dataset.difference, (edge as HTMLElement).innerText]));
    const kindOf = (edge: string) => edges.find(([name]) => name === edge);
    expect(kindOf("web>auth-service")?.[1]).toBe("none");
    expect(kindOf("web>recommendations")?.slice(1)).toEqual(["not_declared", expect.stringContaining("not declared")]);
    expect(kindOf("order-service>kafka")?.slice(1)).toEqual(["never_called", "never called"]);
    await page.getByTestId("map-toggle").click();
    await until(() => page.locator("[data-difference=never_called]").count(), (count) => count === 0, "what is never called is hidden");
  });
  it("is walked by arrows and leads to traces", async () => {
    const page = await bench.open("busy", `${address}?map=1`);
    await page.getByTestId("map-node").first().waitFor();
    await page.locator("[data-map-node=web]").click();
    await page.keyboard.press("ArrowRight");
    await until(() => page.getByTestId("map-node").evaluateAll((list) => list.find((node) => node.getAttribute("aria-pressed") === "true")?.getAttribute("data-map-node")), (name) => name !== undefined && name !== "web", "a neighbour is chosen");
    await page.getByTestId("map-traces").click();
    await rows(page).first().waitFor();
    expect(await url(page)).toMatch(/traces\?service=/);
  });
});

describe("large traces", () => {
  it("open and scroll with few rows drawn", async () => {
    const figures: string[] = [];
    for (const [id, name] of [[ODD, "8"], [BIG, "10,000"], [HUGE, "100,000"]] as const) {
      const page = await bench.open("busy", `#/e/${SHOP}/runs`);
      // The simulation makes the trace when it is first asked for; that time is not the page's.
      await page.evaluate((wanted) => {
        const made = window.fake!.world.traces.get(wanted);
        window.fake!.world.traces.get = () => made;
      }, id);
      const clock = await busyClock(page);
      const before = await clock();
      const opened = await page.evaluate(async (to) => {
        const begin = performance.now();
        location.hash = to;
        while (!document.querySelector("[data-testid=span-row]")) await new Promise((resolve) => requestAnimationFrame(resolve));
        return performance.now() - begin;
      }, `${address}?trace=${id}`);
      const busy = (await clock()) - before;
      const least = { [ODD]: 7, [BIG]: 9_990, [HUGE]: 99_990 }[id] ?? 0;
      expect(Number(await page.getByTestId("waterfall").getAttribute("data-rows"))).toBeGreaterThan(least);
      const gaps = await page.evaluate(() => new Promise<number[]>((resolve) => {
        const list = document.querySelector("[data-testid=waterfall]")!;
        const seen: number[] = [];
        let last = performance.now();
        const frame = (now: number): void => {
          seen.push(now - last);
          last = now;
          list.scrollTop += 400;
          if (seen.length < 90) requestAnimationFrame(frame);
          else resolve(seen.toSorted((one, other) => one - other));
        };
        requestAnimationFrame(frame);
      }));
      const fold = await page.evaluate(async () => {
        const before = document.querySelector("[data-testid=waterfall]")!.getAttribute("data-rows");
        document.querySelector<HTMLElement>("[data-testid=span-fold]:not(.collapsed)")!.click();
        const begin = performance.now();
        while (document.querySelector("[data-testid=waterfall]")!.getAttribute("data-rows") === before) await new Promise((resolve) => requestAnimationFrame(resolve));
        return performance.now() - begin;
      });
      expect(await spans(page).count()).toBeLessThan(90);
      figures.push(`${name} spans: first rows after ${opened.toFixed(0)} ms, for which the page was busy ${busy.toFixed(0)} ms; frames while scrolling 50 of 100 within ${gaps[45]!.toFixed(0)} ms, 99 of 100 within ${gaps[88]!.toFixed(0)} ms, a fold ${fold.toFixed(0)} ms`);
    }
    console.log(figures.join("\n"));
  });
});

/** A clock of the time that the page's thread computes, in milliseconds: what others do on the machine does not count. */
async function busyClock(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0) * 1_000;
  };
}
