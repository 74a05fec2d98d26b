// How browser tests open the page over the simulated engine, and what they ask
// of it in words.
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import type { FakeControl } from "../src/lib/backend/fake";
import { BROWSER, serve } from "./serve.mjs";

export const SHOP = encodeURIComponent("/home/dev/projects/shop");
export const PLATFORM = encodeURIComponent("/home/dev/projects/platform");

/** What the person has asked of their system. */
export type Look = { colorScheme?: "light" | "dark"; reducedMotion?: "reduce" };

export type Bench = {
  /** Opens an address of a scenario; failures inside the page fail the test. */
  open: (scenario: string, address: string, size?: { width: number; height: number }, look?: Look) => Promise<Page>;
};

export function useBench(): Bench {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serve>>;
  let errors: string[] = [];
  const pages: Page[] = [];
  beforeAll(async () => {
    server = await serve("dist-fake");
    browser = await chromium.launch(BROWSER);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.context().close()));
    const seen = errors;
    errors = [];
    if (seen.length) throw new Error(`The page reported: ${seen.join("; ")}`);
  });
  return {
    async open(scenario, address, size = { width: 1240, height: 800 }, look = {}) {
      const context = await browser.newContext({ ...look, viewport: size, permissions: ["clipboard-read", "clipboard-write"] });
      const page = await context.newPage();
      pages.push(page);
      page.setDefaultTimeout(8_000);
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      await page.goto(`${server.url}/?fake=${scenario}${address}`);
      await page.waitForFunction(() => window.fake !== undefined && document.querySelector("#app")?.children.length);
      return page;
    },
  };
}

/** Runs a piece of code with the simulation of the page. */
export function withFake<T>(page: Page, work: (fake: FakeControl) => T): Promise<T> {
  return page.evaluate(`(${work.toString()})(window.fake)`) as Promise<T>;
}

export function row(page: Page, service: string) {
  return page.locator(`[data-testid=service-row][data-service="${service}"]`);
}

/** Waits until a question about the page has the answer wanted. */
export async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean, what: string): Promise<T> {
  const end = Date.now() + 8_000;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > end) throw new Error(`Waited in vain until ${what}; last answer ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}
