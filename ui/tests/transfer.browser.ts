// A run's telemetry as a file and back: from the runs, from the traces, and what is said of it.
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { SHOP, until, useBench, withFake } from "./page";

const bench = useBench();
const menu = (page: Page) => page.getByTestId("transfer-menu");
const choose = async (page: Page, name: RegExp): Promise<void> => {
  await menu(page).click();
  await page.getByRole("menuitem", { name }).click();
};
const toast = (page: Page) => page.getByTestId("toast");

it("exports the run that is shown, is busy while it lasts, and says what was written", async () => {
  const page = await bench.open("busy", `#/e/${SHOP}/runs`);
  await page.getByTestId("run-row").nth(2).click();
  const run = await page.getByTestId("run-row").nth(2).getAttribute("data-run");
  await until(() => page.locator("[data-testid=run-row][aria-current=true]").getAttribute("data-run"), (id) => id === run, "the run is shown");
  await withFake(page, (fake) => fake.holdNext("telemetry.export"));
  await choose(page, /Export telemetry/);
  await page.locator("[data-testid=transfer-menu][aria-busy=true]").waitFor();
  const asked = await until(() => withFake(page, (fake) => fake.asked["telemetry.export"] as { run: string; path: string; overwrite: boolean } | undefined), (request) => request !== undefined, "the engine is asked");
  expect(asked).toMatchObject({ run, overwrite: true });
  expect(asked?.path).toMatch(/^\/home\/dev\/projects\/shop\/shop-telemetry-\d{8}-\d{4}\.jsonl$/);
  expect(await toast(page).count()).toBe(0);
  await withFake(page, (fake) => fake.release());
  await toast(page).filter({ hasText: /Telemetry exported[\s\S]*[\d,]+ spans, [\d,]+ metric points, \d+ log records; 8\.98 MB in \/home/ }).waitFor();
  await page.locator("[data-testid=transfer-menu]:not([aria-busy])").waitFor();
});

it("writes nothing where the person changes their mind, and says what to do where it fails", async () => {
  const page = await bench.open("busy", `#/e/${SHOP}/traces`);
  await withFake(page, (fake) => fake.cancelNextPick());
  await choose(page, /Export telemetry/);
  await page.locator("[data-testid=transfer-menu]:not([aria-busy])").waitFor();
  await withFake(page, (fake) => fake.failNext("telemetry.export", "/home/dev/projects/shop cannot be written: permission denied"));
  await choose(page, /Export telemetry/);
  await page.locator("[data-testid=toast][data-tone=error]").filter({ hasText: /permission denied[\s\S]*Choose a folder that can be written to/ }).waitFor();
  // Only the second was asked for: of the present run.
  expect(await withFake(page, (fake) => fake.calls["telemetry.export"])).toBe(1);
  expect(await withFake(page, (fake) => (fake.asked["telemetry.export"] as { run: string | null }).run)).toBeNull();
});

it("imports a file from the traces, and leads to the run that it became", async () => {
  const page = await bench.open("busy", `#/e/${SHOP}/traces`);
  await choose(page, /Import telemetry/);
  await toast(page).filter({ hasText: /Imported as a run of its own[\s\S]*spans/ }).waitFor();
  expect(await withFake(page, (fake) => fake.asked["telemetry.import"])).toEqual({ environment: "/home/dev/projects/shop", path: "/home/dev/downloads/shop-telemetry.jsonl" });
  await toast(page).getByRole("button", { name: "Show run" }).click();
  await page.getByRole("heading", { name: "imported: shop-telemetry.jsonl" }).waitFor();
});

it("offers the import where there is no run yet, and by keys alone", async () => {
  const page = await bench.open("stopped", `#/e/${SHOP}/runs`);
  await withFake(page, (fake) => fake.failNext("telemetry.import", "/home/dev/downloads/shop-telemetry.jsonl has no telemetry", "`benchtop telemetry export` writes such files"));
  await page.getByTestId("import-telemetry").click();
  await page.locator("[data-testid=toast][data-tone=error]").filter({ hasText: /has no telemetry[\s\S]*writes such files/ }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("import tele");
  await page.keyboard.press("Enter");
  await toast(page).filter({ hasText: "Imported as a run of its own" }).waitFor();
});

it("exports the whole run for a colleague, and says which secrets were masked", async () => {
  const page = await bench.open("busy", `#/e/${SHOP}/runs`);
  await page.getByTestId("run-row").nth(1).click();
  const run = await page.getByTestId("run-row").nth(1).getAttribute("data-run");
  await until(() => page.locator("[data-testid=run-row][aria-current=true]").getAttribute("data-run"), (id) => id === run, "the run is shown");
  await choose(page, /Export run/);
  await toast(page).filter({ hasText: /Run exported[\s\S]*Masked: the values of JWT_SECRET, POSTGRES_PASSWORD/ }).waitFor();
  const asked = await withFake(page, (fake) => fake.asked["runs.export"] as { run: string; path: string });
  expect(asked).toMatchObject({ run });
  expect(asked.path).toMatch(/\/shop-run-\d{8}-\d{4}\.benchtop-run$/);
});

it("imports a run of a colleague, marks it, and says why a wrong file is none", async () => {
  const page = await bench.open("busy", `#/e/${SHOP}/runs`);
  await withFake(page, (fake) => fake.failNext("runs.import", "/home/dev/downloads/x.benchtop-run cannot be imported: it ends after 3 lines; the file was cut", "`benchtop runs export` writes such files"));
  await choose(page, /Import run/);
  await page.locator("[data-testid=toast][data-tone=error]").filter({ hasText: /the file was cut[\s\S]*writes such files/ }).waitFor();
  await choose(page, /Import run/);
  await toast(page).getByRole("button", { name: "Show run" }).click();
  await page.getByRole("heading", { name: "works on my machine" }).waitFor();
  await page.locator("[data-testid=run-row][aria-current=true]").filter({ hasText: "imported" }).waitFor();
});
