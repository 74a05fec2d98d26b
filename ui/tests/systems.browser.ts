// What is inside of Kafka, Flink and Temporal, in the details of such a service.
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { SHOP, until, useBench, withFake } from "./page";

const bench = useBench();
const at = (service: string): string => `#/e/${SHOP}/resources?select=${service}`;
const inside = (page: Page) => page.getByTestId("system-inside");

describe("Kafka", () => {
  it("lists groups with their lag, and partitions of a topic that is opened by key", async () => {
    const page = await bench.open("systems", at("kafka"));
    await inside(page).locator("[data-group=order-service]").filter({ hasText: /Stable[\s\S]*1[\s\S]*0/ }).waitFor();
    // The one that lags most is first.
    expect(await page.locator("[data-testid=kafka-groups] tbody tr").count()).toBe(3);
    const topic = inside(page).locator("[data-topic=complex-input] button");
    await topic.focus();
    await page.keyboard.press("Enter");
    expect(await topic.getAttribute("aria-expanded")).toBe("true");
    await inside(page).getByText("broker 3 leads").first().waitFor();
    expect(await inside(page).locator("[data-topic^=__]").count()).toBe(0);
    await inside(page).getByRole("button", { name: /of Kafka's own/ }).click();
    await inside(page).locator("[data-topic=__consumer_offsets]").waitFor();
  });
  it("names what is under-replicated", async () => {
    const page = await bench.open("failing", at("kafka"));
    await inside(page).locator("[data-topic=complex-input]").filter({ hasText: "2 partitions under-replicated" }).waitFor();
  });
  it("says where there is nothing, and why there is no answer", async () => {
    const page = await bench.open("stopped", at("kafka"));
    await inside(page).getByText("There is no topic yet.").waitFor();
    await withFake(page, (fake) => fake.failNext("service.kafka", "`kafka` has no address at present", "start it, or give it an endpoint that this machine reaches"));
    await page.getByTestId("system-failure").filter({ hasText: /has no address[\s\S]*start it/ }).waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    await inside(page).getByText("There is no topic yet.").waitFor();
  });
});

describe("Flink", () => {
  it("shows jobs with restarts and what failed, and cancels one", async () => {
    const page = await bench.open("systems", at("flink-jobmanager"));
    const job = inside(page).locator("[data-job=complex-logic]");
    await job.filter({ hasText: /RUNNING[\s\S]*2 restarts[\s\S]*heartbeat timed out/ }).waitFor();
    await job.getByTestId("flink-cancel").click();
    await job.filter({ hasText: "CANCELED" }).waitFor();
    expect(await job.getByTestId("flink-cancel").count()).toBe(0);
    expect(await withFake(page, (fake) => fake.asked["flink.cancel"])).toMatchObject({ service: "flink-jobmanager" });
  });
  it("submits SQL by keys alone, and says what is wrong with it", async () => {
    const page = await bench.open("systems", at("flink-sql-gateway"));
    await page.getByTestId("flink-submit").focus();
    await page.keyboard.press("Enter");
    await page.keyboard.type("SELECT 1 FROM nix");
    await page.keyboard.press("Control+Enter");
    await page.getByTestId("flink-error").filter({ hasText: "Object 'nix' not found" }).waitFor();
    await page.getByTestId("flink-sql").fill("INSERT INTO a SELECT 1; INSERT INTO a SELECT 2");
    await page.keyboard.press("Control+Enter");
    await page.getByTestId("flink-done").filter({ hasText: /2 statements executed; a job goes on/ }).waitFor();
    expect(await withFake(page, (fake) => fake.asked["flink.submit"])).toMatchObject({ service: "flink-sql-gateway" });
    await page.keyboard.press("Escape");
    await until(() => inside(page).locator("li").count(), (count) => count === 4, "the new job is in the list");
  });
});

describe("Temporal", () => {
  it("lists the last workflows", async () => {
    const page = await bench.open("systems", at("temporal"));
    await inside(page).getByText("SecurityTokenRenewal", { exact: true }).waitFor();
    await inside(page).locator("li").filter({ hasText: /OrderSaga[\s\S]*Failed/ }).waitFor();
  });
  it("is busy while it asks", async () => {
    const page = await bench.open("systems", at("postgres"));
    await withFake(page, (fake) => fake.holdNext("service.temporal"));
    await page.locator("[data-testid=service-row][data-service=temporal]").click();
    await inside(page).locator("[aria-busy=true]").waitFor();
    await withFake(page, (fake) => fake.release());
    await inside(page).getByText("OrderSaga").first().waitFor();
  });
});
