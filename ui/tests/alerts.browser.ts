// Alerts: the bell, the list, what can be done there, and how services fared.
import { describe, expect, it } from "vitest";
import { row, SHOP, until, useBench, withFake } from "./page";

const bench = useBench();
const address = `#/e/${SHOP}/alerts`;

describe("alerts", () => {
  it("are counted at the bell, which leads to them by a click and by a key", async () => {
    const page = await bench.open("failing", `#/e/${SHOP}/resources`);
    const bell = page.getByTestId("alert-bell");
    const count = await until(() => bell.getAttribute("data-count"), (shown) => Number(shown) > 0, "alerts are open");
    expect(await bell.getAttribute("aria-label")).toContain(`${count} open alert`);
    await bell.click();
    await page.getByTestId("alerts").waitFor();
    expect(await page.locator("[data-testid=alert][data-open=true]").count()).toBe(Number(count));
    await page.keyboard.press("1");
    await row(page, "web").waitFor();
    await page.keyboard.press("a");
    await page.getByTestId("alerts").waitFor();
  });
  it("name the cause and whom it affects, and lead to logs and a restart", async () => {
    const page = await bench.open("failing", address);
    const alert = page.locator("[data-testid=alert][data-service=payment-service]");
    await alert.waitFor();
    expect(await alert.innerText()).toContain("Port 5003 is held by node");
    await alert.getByRole("button", { name: "Restart payment-service" }).click();
    await until(() => withFake(page, (fake) => fake.calls["service.restart"] ?? 0), (calls) => calls === 1, "a restart was asked for");
    await alert.getByRole("button", { name: "Show logs of payment-service" }).click();
    expect(page.url()).toContain("logs?service=payment-service");
  });
  it("are listed in their run, and what flaps is marked in the table", async () => {
    const page = await bench.open("failing", `#/e/${SHOP}/runs`);
    await page.getByTestId("run-row").first().click();
    const alerts = page.getByTestId("run-alerts");
    await alerts.locator("[data-testid=alert][data-service=payment-service]").waitFor();
    await page.getByTestId("run-row").nth(1).click();
    await alerts.getByText("Nothing went wrong").waitFor();
    await page.keyboard.press("1");
    await row(page, "order-service").getByTestId("flaps").waitFor();
    expect(await row(page, "web").getByTestId("flaps").count()).toBe(0);
  });
  it("are silenced by keys, and taken back", async () => {
    const page = await bench.open("failing", address);
    const alert = page.locator("[data-testid=alert][data-open=true]").first();
    const before = Number(await until(() => page.getByTestId("alert-bell").getAttribute("data-count"), (shown) => Number(shown) > 0, "alerts are open"));
    await alert.getByTestId("silence").focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await alert.getByText(/^Silent for/).waitFor();
    expect(await withFake(page, (fake) => fake.asked["alerts.silence"])).toMatchObject({ length: { type: "time", length: 3_600_000 } });
    await until(() => page.getByTestId("alert-bell").getAttribute("data-count"), (shown) => Number(shown) === before - 1, "it is not counted");
    await alert.getByTestId("unsilence").click();
    await until(() => page.getByTestId("alert-bell").getAttribute("data-count"), (shown) => Number(shown) === before, "it is counted again");
  });
  it("are told of when they come, and are over when the service is Healthy again", async () => {
    const page = await bench.open("busy", address);
    await page.locator("[data-testid=alert][data-open=false]").waitFor();
    await withFake(page, (fake) => fake.world.degrade("catalog", Date.now(), "ready probe fails: 503"));
    const alert = page.locator("[data-testid=alert][data-service=catalog]");
    await alert.waitFor();
    expect(await alert.innerText()).toContain("Ready probe fails: 503");
    await page.getByTestId("toast").filter({ hasText: "catalog is Degraded" }).waitFor();
    await withFake(page, (fake) => fake.world.restart("catalog", Date.now()));
    await until(() => alert.getAttribute("data-open"), (open) => open === "false", "it is over");
    expect(await alert.innerText()).toMatch(/recovered after|stopped after/);
  });
});

describe("how a service fared", () => {
  it("is told in figures, and answer by answer under the arrow keys", async () => {
    const page = await bench.open("failing", `#/e/${SHOP}/resources?select=order-service`);
    const figures = page.getByTestId("health-figures");
    await figures.waitFor();
    expect(await figures.innerText()).toMatch(/Available\s*91\.3 %/);
    const strip = page.getByTestId("probe-strip").last();
    await strip.focus();
    const last = await strip.getAttribute("aria-valuetext");
    await page.keyboard.press("ArrowLeft");
    const before = await strip.getAttribute("aria-valuetext");
    expect(before).not.toBe(last);
    expect(await page.getByTestId("probe-strip-text").last().innerText()).toBe(before);
    await page.keyboard.press("Home");
    expect(await strip.getAttribute("aria-valuenow")).toBe("0");
  });
});
