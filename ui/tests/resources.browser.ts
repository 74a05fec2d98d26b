// The resources panel: actions, keys, filter, details, what is shown of trouble.
import { describe, expect, it } from "vitest";
import { row, SHOP, until, useBench, withFake } from "./page";

const bench = useBench();
const address = `#/e/${SHOP}/resources`;

describe("the resources panel", () => {
  it("restarts a service: its generation grows, then it is Healthy again", async () => {
    const page = await bench.open("busy", address);
    const catalog = row(page, "catalog");
    expect(await catalog.getAttribute("data-generation")).toBe("1");
    await catalog.getByTestId("action-restart").click();
    await until(() => catalog.getAttribute("data-generation"), (generation) => generation === "2", "the generation is 2");
    await until(() => catalog.getAttribute("data-status"), (status) => status === "Healthy", "it is healthy");
  });
  it("stops and starts by row and by key", async () => {
    const page = await bench.open("busy", address);
    await row(page, "web").getByTestId("action-stop").click();
    await until(() => row(page, "web").getAttribute("data-lifecycle"), (state) => state === "Stopped", "web is stopped");
    await row(page, "web").focus();
    await page.keyboard.press("s");
    await until(() => row(page, "web").getAttribute("data-status"), (status) => status === "Healthy", "web is healthy");
  });
  it("is walked by keys alone", async () => {
    const page = await bench.open("busy", address);
    await row(page, "postgres").waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("data-service"))).toBe("redis");
    await page.keyboard.press("Enter");
    await page.locator("[data-testid=details-pane][data-service=redis]").waitFor();
    await page.keyboard.press("ArrowDown");
    await page.locator("[data-testid=details-pane][data-service=kafka]").waitFor();
    expect(page.url()).toContain("select=kafka");
    await page.keyboard.press("Escape");
    await until(() => page.getByTestId("details-pane").count(), (count) => count === 0, "the details are closed");
    await page.keyboard.press("End");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("data-service"))).toBe("payment-provider");
  });
  it("filters by text and by status", async () => {
    const page = await bench.open("failing", address);
    await row(page, "postgres").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("order");
    await until(() => page.getByTestId("service-row").count(), (count) => count < 5, "few are left");
    await page.keyboard.press("Escape");
    await page.getByTestId("filter-unhealthy").click();
    expect(await page.getByTestId("service-row").evaluateAll((rows) => rows.map((element) => element.getAttribute("data-status")))).toEqual(["Unhealthy", "Unhealthy"]);
  });
  it("sorts by a column, three clicks lead back", async () => {
    const page = await bench.open("busy", address);
    const heading = page.getByRole("columnheader", { name: "Memory" });
    const button = heading.getByRole("button");
    await button.click();
    expect(await heading.getAttribute("aria-sort")).toBe("descending");
    expect(await page.getByTestId("service-row").first().getAttribute("data-service")).toBe("elasticsearch");
    await button.click();
    await button.click();
    expect(await heading.getAttribute("aria-sort")).toBe("none");
  });
  it("shows why a service is red, its probes, its variables with secrets masked", async () => {
    const page = await bench.open("failing", `${address}?select=payment-service`);
    const pane = page.getByTestId("details-pane");
    await pane.getByText("Environment variables").waitFor();
    expect(await pane.getByTestId("why").innerText()).toContain("Port 5003 is held by node (pid 8112)");
    await pane.getByTestId("free-port").click();
    expect(await page.getByRole("dialog").innerText()).toContain("holds port 5003");
    await page.getByTestId("confirm-free-port").click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    const text = await pane.innerText();
    expect(text).toContain("connection refused");
    expect(text).toContain("••••••••");
    await pane.getByTestId("probe-now").click();
    expect(await until(() => withFake(page, (fake) => fake.calls["service.probe"] ?? 0), (calls) => calls === 1, "a probe was asked for")).toBe(1);
  });
  it("offers another port than the one that is taken", async () => {
    const page = await bench.open("failing", `${address}?select=payment-service`);
    await page.getByTestId("details-pane").getByRole("button", { name: "Use port 5004 for this run" }).click();
    expect(await until(() => withFake(page, (fake) => fake.calls["service.use_port"] ?? 0), (calls) => calls === 1, "another port was asked for")).toBe(1);
  });
  it("marks what is stale when the connection is lost, and recovers", async () => {
    const page = await bench.open("disconnected", address);
    await page.getByTestId("connection-banner").waitFor();
    expect(await page.locator("[data-testid=service-row].stale").count()).toBeGreaterThan(10);
    await withFake(page, (fake) => fake.emit({ type: "connection", connected: true, message: null }));
    await until(() => page.locator("[data-testid=service-row].stale").count(), (count) => count === 0, "nothing is stale");
  });
  it("applies a changed definition", async () => {
    const page = await bench.open("busy", address);
    const banner = page.getByTestId("changed-banner");
    expect(await banner.innerText()).toContain("auth-service, catalog");
    await banner.getByRole("button", { name: "Apply" }).click();
    await banner.waitFor({ state: "detached" });
  });
  it("shows what a changed definition changes, puts it off, and applies it", async () => {
    const page = await bench.open("busy", address);
    const banner = page.getByTestId("changed-banner");
    expect(await banner.innerText()).toContain("benchtop.yaml changed");
    await page.getByTestId("show-changes").click();
    const change = page.locator("[data-testid=change][data-service=auth-service]");
    await change.waitFor();
    expect(await change.innerText()).toContain("will be restarted");
    expect(await change.locator("del").first().innerText()).toContain("info");
    expect(await change.locator("ins").first().innerText()).toContain("debug");
    await page.getByRole("button", { name: "Later" }).last().click();
    await page.getByTestId("changes").waitFor({ state: "detached" });
    await page.getByTestId("show-changes").click();
    await page.getByTestId("apply-changes").click();
    await banner.waitFor({ state: "detached" });
    await until(() => row(page, "auth-service").getAttribute("data-generation"), (generation) => generation === "2", "auth-service was restarted");
    expect(await row(page, "redis").getAttribute("data-generation")).toBe("1");
  });
  it("starts all by Enter where nothing runs, stops all after a question", async () => {
    const page = await bench.open("stopped", address);
    await row(page, "postgres").waitFor();
    await withFake(page, (fake) => void (fake.world.pace = 8));
    await page.keyboard.press("Enter");
    await until(() => row(page, "web").getAttribute("data-status"), (status) => status === "Healthy", "everything is up");
    await page.getByTestId("stop-all").click();
    await page.getByTestId("confirm-stop-all").click();
    await until(() => page.getByTestId("environment-status").getAttribute("data-status"), (status) => status === "Healthy", "only the external one is healthy");
    await until(() => row(page, "postgres").getAttribute("data-status"), (status) => status === "Stopped", "postgres is stopped");
  });
  it("asks no more than ten times a second", async () => {
    const page = await bench.open("busy", address);
    await row(page, "postgres").waitFor();
    const before = await withFake(page, (fake) => fake.calls["environment.status"] ?? 0);
    await page.waitForTimeout(2_000);
    const after = await withFake(page, (fake) => fake.calls["environment.status"] ?? 0);
    expect(after - before).toBeLessThanOrEqual(21);
    expect(after - before).toBeGreaterThan(2);
  });
});
