// What a person has asked of their system: more contrast, no motion, colours of their own.
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { ODD } from "../src/lib/backend/fake/trace-recipes";
import { row, SHOP, useBench } from "./page";

const bench = useBench();
const at = (panel: string): string => `#/e/${SHOP}/${panel}`;

/** How much lighter one colour is than another, as WCAG 2 counts it. */
const contrast = (page: Page, selector: string): Promise<number> =>
  page.evaluate((where) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true })!;
    const light = (color: string): number => {
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * parts[0]! + 0.7152 * parts[1]! + 0.0722 * parts[2]!;
    };
    const [one, other] = [light(getComputedStyle(document.querySelector(where)!).color), light(getComputedStyle(document.body).backgroundColor)];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  }, selector);

it.each(["light", "dark"] as const)("gives all words full contrast where that is asked for (%s)", async (colorScheme) => {
  const page = await bench.open("busy", at("resources"), undefined, { colorScheme });
  await row(page, "web").waitFor();
  const heading = "[role=columnheader]";
  const before = await contrast(page, heading);
  await page.emulateMedia({ contrast: "more" });
  expect(await contrast(page, heading)).toBeGreaterThan(before);
  expect(await contrast(page, heading)).toBeGreaterThan(10);
});

it("moves nothing where no motion is asked for", async () => {
  const page = await bench.open("loading", at("doctor"), undefined, { reducedMotion: "reduce" });
  await page.getByTestId("doctor-loading").waitFor();
  const moving = (): Promise<number> => page.evaluate(() => document.getAnimations().filter(({ playState }) => playState === "running").length);
  await expect.poll(moving).toBe(0);
  // Neither does what changes at once: a transition, however short, would be one of everything.
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await moving()).toBe(0);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await expect.poll(moving).toBeGreaterThan(0);
});

it("keeps focus, choice and the colours that are a meaning where the system chooses colours", async () => {
  const page = await bench.open("failing", at("logs"));
  await page.getByTestId("log-row").first().waitFor();
  await page.emulateMedia({ forcedColors: "active" });
  const style = (selector: string, key: "outlineStyle" | "backgroundColor", pseudo?: string): Promise<string> =>
    page.evaluate(([where, name, part]) => getComputedStyle(document.querySelector(where!)!, part)[name as "outlineStyle"], [selector, key, pseudo] as const);
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(await style("[data-testid=nav-logs]", "outlineStyle")).toBe("solid");
  expect(await style("[data-testid=log-row][data-level=error]", "backgroundColor", "::before")).not.toBe(ground);
  await page.getByTestId("log-view-menu").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menu").waitFor();
  await page.keyboard.press("ArrowDown");
  expect(await style("[role^=menuitem]:focus", "outlineStyle")).toBe("solid");
  await page.keyboard.press("Escape");
  await page.evaluate((address) => void (location.hash = address), at(`traces?trace=${ODD}`));
  await page.getByTestId("waterfall").waitFor();
  const bars = await page.locator("[data-testid=span-row] .bar").evaluateAll((all) => all.map((bar) => getComputedStyle(bar).backgroundColor));
  expect(bars.length).toBeGreaterThan(3);
  expect(bars).not.toContain(ground);
});
