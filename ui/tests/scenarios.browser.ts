// The Scenarios panel: what can be run, one click that runs it, how it goes, how it went.
import { expect, it } from "vitest";
import { SHOP, until, useBench, withFake } from "./page";

const bench = useBench();
const address = `#/e/${SHOP}/scenarios`;

it("runs a scenario in one click, shows its progress, and cancels it", async () => {
  const page = await bench.open("busy", `#/e/${SHOP}/resources`);
  await page.keyboard.press("6");
  await page.getByRole("button", { name: "Run order-load" }).click();
  await page.getByTestId("step-progress").waitFor();
  expect(await page.getByTestId("step-progress").innerText()).toMatch(/of 30,000 requests, [\d,]+\/s/);
  expect(await page.getByRole("progressbar", { name: "Steps done", exact: true }).count()).toBe(1);
  expect(await page.getByRole("button", { name: "Run migration" }).isDisabled()).toBe(true);
  expect(await withFake(page, (fake) => fake.asked["scenario.run"])).toMatchObject({ scenario: "order-load", vars: {} });
  await page.getByTestId("cancel-scenario").click();
  await until(() => page.getByTestId("scenario-outcome").getAttribute("data-status"), (status) => status === "cancelled", "it was cancelled");
  expect(await page.locator("[data-step=clean-up]").getAttribute("data-status")).toBe("passed");
});

it("shows what failed, the trend of each metric, and reopens an execution from its link", async () => {
  const page = await bench.open("busy", `${address}?scenario=order-load&execution=s-96`);
  await page.getByTestId("scenario-outcome").waitFor();
  expect(await page.getByTestId("scenario-outcome").innerText()).toContain("orders is 29988");
  expect(await page.locator("[data-testid=criterion][data-passed=false]").innerText()).toContain("orders == 30000");
  expect(await page.locator("[data-metric='load.throughput'] svg").count()).toBe(1);
  await page.getByTestId("execution").first().click();
  await until(() => page.getByTestId("scenario-outcome").getAttribute("data-status"), (status) => status === "passed", "the newest is shown");
  expect(page.url()).toContain("execution=s-99");
});

it("says how to write the first one", async () => {
  const page = await bench.open("stopped", address);
  expect(await page.getByTestId("scenario-example").innerText()).toContain("scenarios:");
});
