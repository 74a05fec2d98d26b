// What surrounds the panels: palette, theme, messages, quit, names of controls.
import { describe, expect, it } from "vitest";
import { ODD } from "../src/lib/backend/fake/trace-recipes";
import { PLATFORM, row, SHOP, until, useBench, withFake } from "./page";

const bench = useBench();
const address = `#/e/${SHOP}/resources`;

describe("the shell", () => {
  it("runs a command from the palette by keys alone", async () => {
    const page = await bench.open("busy", address);
    await row(page, "redis").waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("restart redis");
    await page.keyboard.press("Enter");
    await until(() => row(page, "redis").getAttribute("data-generation"), (generation) => generation === "2", "redis was restarted");
    await page.keyboard.press("Control+k");
    await page.keyboard.type("logs of web");
    await page.keyboard.press("Enter");
    await until(() => Promise.resolve(page.url()), (url) => url.includes("logs?service=web"), "the logs of web are open");
  });
  it("closes the palette by Escape and says when nothing fits", async () => {
    const page = await bench.open("busy", address);
    await page.getByTestId("open-palette").click();
    await page.keyboard.type("qqqq");
    await page.getByText("Nothing fits").waitFor();
    await page.keyboard.press("Escape");
    await until(() => page.getByTestId("palette-input").count(), (count) => count === 0, "the palette is closed");
  });
  it("changes the theme and remembers it", async () => {
    const page = await bench.open("busy", address);
    const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const before = await background();
    await page.getByTestId("theme").click();
    await page.getByTestId("theme").click();
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
    expect(await background()).not.toBe(before);
    await page.reload();
    await row(page, "redis").waitFor();
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
  });
  it("tells of a failed request with its hint", async () => {
    const page = await bench.open("busy", address);
    await withFake(page, (fake) => fake.failNext("service.restart", "The port 5003 is held", "Stop node (pid 8112)"));
    await row(page, "payment-service").getByTestId("action-restart").click();
    const toast = page.locator("[data-testid=toast][data-tone=error]");
    await toast.waitFor();
    expect(await toast.innerText()).toContain("Stop node (pid 8112)");
    await toast.getByRole("button", { name: "Dismiss" }).click();
    await toast.waitFor({ state: "detached" });
  });
  it("tells of a service that turned worse and offers its logs", async () => {
    const page = await bench.open("busy", address);
    await row(page, "catalog").waitFor();
    await withFake(page, (fake) => fake.world.crash("catalog", Date.now(), 137, "Killed: out of memory", null));
    const toast = page.getByTestId("toast").filter({ hasText: "catalog is Unhealthy" });
    await toast.getByRole("button", { name: "Show logs" }).click();
    await until(() => Promise.resolve(page.url()), (url) => url.includes("logs?service=catalog"), "the logs are open");
  });
  it.each([["quit-stop", "stop"], ["quit-leave", "leave"], ["quit-cancel", "cancel"]])("answers the question of quitting: %s", async (button, mode) => {
    const page = await bench.open("busy", address);
    await withFake(page, (fake) => fake.emit({ type: "quit_requested" }));
    await page.getByTestId(button).click();
    await until(() => withFake(page, (fake) => fake.quits), (quits) => quits[0] === mode, "the shell was told");
  });
  it("goes where the shell says", async () => {
    const page = await bench.open("busy", address);
    await withFake(page, (fake) => fake.emit({ type: "navigate", to: `#/e/${encodeURIComponent("/home/dev/projects/shop")}/logs?service=redis` }));
    await page.getByTestId("log-row").first().waitFor();
  });
  it("shows the runs and one of them in full", async () => {
    const page = await bench.open("failing", address);
    await page.getByTestId("nav-runs").click();
    await page.locator("[data-testid=run-row][data-result=troubled]").first().click();
    await page.getByText("exited with code 134").first().waitFor();
    expect(page.url()).toContain("run=");
  });
  it("compares a run with the one before, and says what got worse", async () => {
    const page = await bench.open("busy", `#/e/${SHOP}/runs`);
    await page.getByTestId("compare-run").click();
    await page.getByTestId("difference").first().waitFor();
    expect(page.url()).toContain("base=");
    const tones = await page.getByTestId("difference").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-tone")));
    expect(tones).toEqual(["worse", "worse", "worse", "worse", "worse", "neutral", "neutral"]);
    await page.getByTestId("compared-routes").getByText("POST /orders").waitFor();
    await page.getByTestId("compared-scenario").filter({ hasText: /load\.throughput[\s\S]*412\.3[\s\S]*188\.9/ }).waitFor();
    await page.getByLabel("Run to compare with").selectOption({ index: 3 });
    await until(() => withFake(page, (fake) => fake.calls["runs.compare"]), (calls) => calls === 2, "the other run is asked for");
    await page.getByRole("button", { name: "Back to the run" }).click();
    await page.getByTestId("compare-run").waitFor();
  });
  it("names a run, pins it and finds it again", async () => {
    const page = await bench.open("busy", `#/e/${SHOP}/runs`);
    await page.locator("[data-testid=run-row]").nth(2).click();
    await page.getByTestId("annotate-run").click();
    await page.getByTestId("run-label").fill("before the fire");
    await page.getByTestId("run-tags").fill("slow, nightly");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByTestId("pin-run").click();
    await page.locator("[data-testid=pin-run][aria-pressed=true]").waitFor();
    await page.getByTestId("find-runs").fill("FIRE");
    await until(() => page.getByTestId("run-row").count(), (count) => count === 1, "one run is left");
    expect(await page.getByTestId("run-row").innerText()).toMatch(/before the fire[\s\S]*slow[\s\S]*nightly/);
  });
  it("opens links outside only over http", async () => {
    const page = await bench.open("busy", address);
    await row(page, "web").getByRole("link").click();
    expect(await withFake(page, (fake) => fake.opened)).toEqual(["http://localhost:3000"]);
  });
});

describe("every view", () => {
  const views: [string, string][] = [["busy", "#/"], ["failing", `${address}?select=order-service`], ["busy", `#/e/${SHOP}/logs`], ["busy", `#/e/${SHOP}/runs`], ["definition-error", address], ["many", `#/e/${PLATFORM}/resources`],
    ["failing", `#/e/${SHOP}/traces`], ["busy", `#/e/${SHOP}/traces?trace=${ODD}`], ["busy", `#/e/${SHOP}/traces?map=1`], ["busy", `#/e/${SHOP}/metrics`], ["busy", `#/e/${SHOP}/metrics?metric=traces.span.duration`]];
  const sizes = [{ width: 1240, height: 800 }, { width: 760, height: 480 }];

  it.each(views)("has a name for every control (%s %s)", async (scenario, where) => {
    const page = await bench.open(scenario, where);
    await page.waitForTimeout(500);
    const nameless = await page.evaluate(() => [...document.querySelectorAll("button, a, input, [role=separator], [role=grid], dialog")]
      .filter((element) => !(element.getAttribute("aria-label") || element.getAttribute("title") || element.textContent?.trim()))
      .map((element) => element.outerHTML.slice(0, 120)));
    expect(nameless).toEqual([]);
    const doubled = await page.evaluate(() => {
      const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
      return ids.filter((id, index) => ids.indexOf(id) !== index);
    });
    expect(doubled).toEqual([]);
  });
  it.each(views)("never scrolls sideways (%s %s)", async (scenario, where) => {
    for (const size of sizes) {
      const page = await bench.open(scenario, where, size);
      await page.waitForTimeout(500);
      const wide = await page.evaluate(() => [...document.querySelectorAll("main, main > div, .scroller, .sections, .table")]
        .filter((element) => element.scrollWidth > element.clientWidth + 1).map((element) => `${element.className} ${element.scrollWidth} > ${element.clientWidth}`));
      expect(wide).toEqual([]);
    }
  });
});
