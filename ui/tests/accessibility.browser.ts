// Every panel and dialog against the rules of WCAG 2 at A and AA, in both themes, and
// by keys alone. A page is opened once for all three.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { menus, walk } from "./keys";
import { useBench, withFake } from "./page";
import { VIEWS } from "./views";

const bench = useBench();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** What is used of an answer of axe. */
type AxeResults = { violations: { id: string; help: string; nodes: { html: string; any: { message: string }[] }[] }[]; passes: unknown[] };

/** Rows are drawn into again while lines come, and axe reads colours of one moment and those below of another. */
async function stand(page: Page): Promise<void> {
  await withFake(page, (fake) => void (fake.world.linesPerSecond = 0));
  // Longer than between two looks at what is new.
  await page.waitForTimeout(400);
}

/** Fails where there are faults, and goes on, so that all of a page are told together. */
function none(faults: string[], where: string): void {
  expect.soft(faults, `${where}:\n${faults.join("\n")}`).toEqual([]);
}

async function obeys(page: Page, theme: string): Promise<void> {
  const found = (await page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ["violations"] })`)) as AxeResults;
  const broken = found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 4).map(({ html, any }) => `${html.slice(0, 160)} (${any[0]?.message ?? ""})`).join(" | ")}`);
  none(broken, `in the ${theme} theme`);
  expect(found.passes.length).toBeGreaterThan(8);
}

describe("every view", () => {
  // A menu is the same wherever it stands.
  const walked = new Set<string>();

  it.each(VIEWS)("breaks no rule in either theme, and is used by keys: %s", async (_name, scenario, address, arrive) => {
    // Without motion there is no moment in which something is half transparent.
    const page = await bench.open(scenario, address, undefined, { colorScheme: "light", reducedMotion: "reduce" });
    await arrive(page);
    await page.evaluate(axe);
    if (await page.getByTestId("log-row").count()) await stand(page);
    await obeys(page, "light");
    await page.emulateMedia({ colorScheme: "dark" });
    await obeys(page, "dark");
    none(await walk(page), "by keys");
    none(await menus(page, walked), "menus");
  });

  it("has had its menus walked", () => {
    expect(walked.size, [...walked].join(", ")).toBeGreaterThan(8);
  });
});
