// Metrics over the simulated engine: the first look, charts and what can be done with
// them, pins, one metric in full.
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { PLATFORM, SHOP, until, useBench, withFake } from "./page";

const bench = useBench();
const address = `#/e/${SHOP}/metrics`;
const cards = (page: Page) => page.getByTestId("chart-card");
const url = (page: Page): Promise<string> => Promise.resolve(decodeURIComponent(page.url()));
type Asked = { queries: { metric: string; show: string; services: string[]; group_by: string[]; filter: { key: string; value: string }[] }[]; since: number; until: number; buckets: number };
const lastAsked = (page: Page) => withFake(page, (fake) => fake.asked["metrics.query"]) as Promise<Asked>;

async function dragOver(page: Page, plot: ReturnType<Page["getByTestId"]>): Promise<void> {
  const box = (await plot.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
}

describe("the dashboard", () => {
  it("is useful before anything is pinned", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("plot").first().waitFor();
    const titles = await cards(page).evaluateAll((list) => list.map((card) => (card as HTMLElement).dataset.chart));
    for (const title of ["CPU of containers", "CPU of processes", "Memory", "Requests", "Errors", "Duration", "Network", "Health probes"]) expect(titles).toContain(title);
    await until(() => page.getByTestId("plot").evaluateAll((list) => list.map((plot) => Number((plot as HTMLElement).dataset.lines))), (lines) => lines.length >= 8 && lines.every((count) => count > 0), "every chart has lines");
  });
  it("tells every chart in words, and as a table", async () => {
    const page = await bench.open("busy", address);
    const memory = page.locator("[data-chart=Memory]");
    await memory.getByTestId("plot").waitFor();
    expect(await memory.getByTestId("plot").getAttribute("aria-valuetext")).toMatch(/elasticsearch: last [\d.]+ [MG]B, from/);
    await memory.getByTestId("chart-menu").click();
    await page.getByRole("menuitemcheckbox", { name: "Show as a table" }).click();
    await until(() => memory.getByTestId("series-table").innerText(), (text) => /postgres[\s\S]*MB/.test(text), "the table has units");
  });
  it("lays the lines of what adds up on each other, and remembers it", async () => {
    const page = await bench.open("busy", address);
    const memory = page.locator("[data-chart=Memory]");
    const plot = memory.getByTestId("plot");
    await plot.waitFor();
    expect(await plot.getAttribute("data-stacked")).toBe("false");
    const words = await plot.getAttribute("aria-valuetext");
    await memory.getByTestId("chart-menu").click();
    await page.getByRole("menuitemcheckbox", { name: "Stack the lines" }).click();
    await until(() => plot.getAttribute("data-stacked"), (now) => now === "true", "it is stacked");
    expect((await plot.getAttribute("aria-valuetext"))?.split(":")[0]).toBe(words?.split(":")[0]);
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.5);
    expect(await page.getByTestId("plot-total").innerText()).toMatch(/^All\s+[\d.,]+ [MG]B$/);
    // A line fewer is a layer fewer, and less in all.
    const total = async (): Promise<string> => { await page.mouse.move(box.x + box.width * 0.6 + Math.random() * 4, box.y + box.height * 0.5); return page.getByTestId("plot-total").innerText(); };
    const before = await total();
    await memory.locator(".legend button").first().click();
    await until(total, (text) => text !== before, "the hidden line is not in the sum");
    await page.reload();
    await until(() => plot.getAttribute("data-stacked"), (now) => now === "true", "it is remembered");
    await page.locator("[data-chart=Duration]").getByTestId("chart-menu").click();
    await page.getByRole("menuitem", { name: "Open in full" }).waitFor();
    expect(await page.getByRole("menuitemcheckbox", { name: "Stack the lines" }).count()).toBe(0);
  });
  it("shows a part of the time for all charts after a drag, and lives again", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("plot").first().waitFor();
    await dragOver(page, page.getByTestId("plot").first());
    await page.getByTestId("metric-stretch").waitFor();
    const asked = await until(() => lastAsked(page), ({ since, until: end }) => end - since < 500_000, "the charts ask for the part");
    expect(await url(page)).toMatch(/since=\d+&until=\d+/);
    expect(asked.until).toBeGreaterThan(asked.since);
    // The mouse still points into the chart, whose cursor is not what Escape is for.
    const plot = (await page.getByTestId("plot").first().boundingBox())!;
    await page.mouse.move(plot.x + plot.width * 0.5, plot.y + plot.height * 0.4);
    await page.getByTestId("plot-tip").waitFor();
    await page.keyboard.press("Escape");
    await page.getByTestId("metric-stretch").waitFor({ state: "detached" });
  });
  it("asks for as many steps as there is room for, and never for more than are sent", async () => {
    const page = await bench.open("busy", `${address}?range=run`);
    await page.getByTestId("plot").first().waitFor();
    const { buckets, since, until: end } = await lastAsked(page);
    expect(buckets).toBeLessThanOrEqual(2_000);
    expect(buckets).toBeGreaterThan(19);
    expect(end - since).toBeGreaterThan(7_000_000);
    await page.getByTestId("range-5m").click();
    await until(() => lastAsked(page), (asked) => asked.until - asked.since === 300_000, "five minutes are asked for");
  });
  it("narrows every chart to a service", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("plot").first().waitFor();
    await page.getByTestId("service-chip").filter({ hasText: "kafka" }).click();
    await until(() => page.locator("[data-chart=Memory] .legend").innerText(), (text) => text.includes("kafka") && !text.includes("postgres"), "only kafka is left");
  });
  it("keeps what is pinned, in the order that is chosen", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("plot").first().waitFor();
    for (const title of ["CPU of containers", "Duration"]) await page.locator(`[data-chart="${title}"]`).getByTestId("chart-pin").first().click();
    const pinned = (): Promise<(string | undefined)[]> => page.locator("[data-testid=chart-card][data-pinned=true]").evaluateAll((list) => list.slice(0, 2).map((card) => (card as HTMLElement).dataset.chart));
    await until(pinned, (titles) => titles.join() === "CPU of containers,Duration", "both stand at the top");
    await page.locator("[data-chart=Duration]").first().getByTestId("chart-menu").click();
    await page.getByRole("menuitem", { name: "Move before the previous" }).click();
    await until(pinned, (titles) => titles.join() === "Duration,CPU of containers", "their order is changed");
    await page.getByTestId("nav-logs").click();
    await page.getByTestId("nav-metrics").click();
    await until(pinned, (titles) => titles.join() === "Duration,CPU of containers", "they are kept");
    await page.locator("[data-chart=Duration]").first().getByTestId("chart-pin").click();
    await until(() => page.getByText("Pinned", { exact: true }).count(), (count) => count === 1, "one is left");
  });
  it("opens an environment with kept pins", async () => {
    const page = await bench.open("many", `#/e/${PLATFORM}/metrics`);
    await page.locator("[data-chart='Memory of containers']").getByTestId("plot").waitFor();
  });
  it("says what will come where there is nothing", async () => {
    const page = await bench.open("stopped", address);
    await page.getByText("No metrics yet").waitFor();
    await page.getByRole("button", { name: "Start all" }).last().click();
  });
  it("says why a chart cannot be drawn, and goes on with the others", async () => {
    const page = await bench.open("busy", `#/e/${SHOP}/runs`);
    await withFake(page, (fake) => fake.failNext("metrics.list", "The metrics of this run cannot be read", "Its file is damaged"));
    await page.getByTestId("nav-metrics").click();
    await page.getByText("The metrics of this run cannot be read").waitFor();
    await page.getByTestId("plot").first().waitFor();
  });
});

describe("one metric", () => {
  it("is found by words and shown with its last value", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("metric-row").first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("http duration");
    await until(() => page.getByTestId("metric-row").count(), (count) => count === 1, "one is left");
    await until(() => page.getByTestId("metric-last").first().innerText(), (text) => /^[\d.]+ ms$/.test(text), "its last value is shown");
    await page.getByTestId("metric-row").click();
    await page.getByTestId("metric-explorer").waitFor();
    await until(() => lastAsked(page), ({ queries }) => queries[0]?.metric === "http.server.request.duration", "it is asked for");
  });
  it("is shown as percentile, rate or heatmap, and split by an attribute", async () => {
    const page = await bench.open("busy", `${address}?metric=http.server.request.duration`);
    await page.getByTestId("plot").waitFor();
    await page.getByTestId("show-p99").click();
    await until(() => lastAsked(page), ({ queries }) => queries[0]?.show === "p99", "the percentile is asked for");
    const before = Number(await page.getByTestId("plot").getAttribute("data-lines"));
    await page.getByTestId("split-menu").click();
    await page.getByRole("menuitemcheckbox", { name: "http.route" }).click();
    await until(async () => Number(await page.getByTestId("plot").getAttribute("data-lines")), (lines) => lines > before, "there are more lines");
    expect(await url(page)).toContain("group=http.route");
    await page.keyboard.press("Escape");
    await page.getByTestId("show-heatmap").click();
    await until(() => page.getByTestId("plot").getAttribute("data-lines"), (lines) => lines === "0", "the heatmap has no lines");
    const dark = await page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>("[data-testid=plot] canvas")!;
      const pixels = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height).data;
      let drawn = 0;
      for (let at = 3; at < pixels.length; at += 4) if ((pixels[at] ?? 0) > 20) drawn += 1;
      return drawn / (pixels.length / 4);
    });
    expect(dark).toBeGreaterThan(0.15);
  });
  it("is narrowed by an attribute and back", async () => {
    const page = await bench.open("busy", `${address}?metric=http.server.request.duration`);
    await page.getByTestId("metric-filter").fill("http.route=/orders");
    await page.keyboard.press("Enter");
    await page.getByTestId("metric-chip").waitFor();
    await until(() => lastAsked(page), ({ queries }) => queries[0]?.filter[0]?.value === "/orders", "the engine is asked for it");
    await page.getByTestId("metric-chip").click();
    await page.getByTestId("metric-chip").waitFor({ state: "detached" });
  });
  it("tells values under the pointer and by keys, and leads from an exemplar to its trace", async () => {
    const page = await bench.open("busy", `${address}?metric=http.server.request.duration`);
    const plot = page.getByTestId("plot");
    await plot.waitFor();
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.5, box.y + 150);
    await until(() => page.getByTestId("plot-tip").innerText(), (text) => /\d+:\d\d:\d\d[\s\S]+ms/.test(text), "the values are told");
    await plot.focus();
    await page.keyboard.press("Home");
    const first = await plot.getAttribute("aria-valuetext");
    await page.keyboard.press("ArrowRight");
    await until(() => plot.getAttribute("aria-valuetext"), (text) => text !== first, "the next step is told");
    expect(Number(await plot.getAttribute("data-exemplars"))).toBeGreaterThan(0);
    for (let step = 0; step < 40 && !page.url().includes("traces"); step++) {
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("Enter");
    }
    await page.getByTestId("trace-view").waitFor();
    expect(await url(page)).toMatch(/traces\?trace=[0-9a-f]{32}&span=/);
  });
  it("is pinned by a key, and Escape leads back", async () => {
    const page = await bench.open("busy", `${address}?metric=orders.placed`);
    await page.getByTestId("plot").waitFor();
    await page.keyboard.press("p");
    await until(() => page.getByTestId("metric-pin").getAttribute("aria-pressed"), (pressed) => pressed === "true", "it is pinned");
    await page.keyboard.press("Escape");
    await page.locator("[data-testid=chart-card][data-pinned=true]").getByText("orders.placed, rate").waitFor();
  });
  it("hides and shows single series", async () => {
    const page = await bench.open("busy", `${address}?metric=container.memory.usage`);
    const table = page.getByTestId("series-table");
    await table.waitFor();
    const button = table.getByRole("button", { name: "kafka" });
    await button.click();
    expect(await button.getAttribute("aria-pressed")).toBe("false");
  });
  it("says when it is not there", async () => {
    const page = await bench.open("busy", `${address}?metric=no.such`);
    await page.getByText("There is no metric “no.such”").waitFor();
  });
});

it("draws a run of two hours over 50 series in few frames", async () => {
  const page = await bench.open("busy", `${address}?metric=container.network.io&group=network.io.direction&range=run`);
  await page.getByTestId("plot").waitFor();
  const took = await page.evaluate(async () => {
    const plot = document.querySelector("[data-testid=plot]")!;
    const before = plot.getAttribute("data-points");
    const begin = performance.now();
    document.querySelector<HTMLElement>("[data-testid=range-5m]")!.click();
    while (plot.getAttribute("data-points") === before) await new Promise((resolve) => requestAnimationFrame(resolve));
    return performance.now() - begin;
  });
  console.log(`another range of a chart is drawn after ${took.toFixed(0)} ms`);
  expect(Number(await page.getByTestId("plot").getAttribute("data-points"))).toBeGreaterThan(10);
});
