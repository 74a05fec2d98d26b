// Rebuilding, what a build said, calling off, and pulls.
import { describe, expect, it } from "vitest";
import { row, SHOP, until, useBench, withFake } from "./page";

const bench = useBench();
const address = `#/e/${SHOP}/resources`;

describe("a rebuild", () => {
  it("goes from the row's button over Building to a new start", async () => {
    const page = await bench.open("busy", `${address}?select=catalog`);
    await row(page, "catalog").getByTestId("action-rebuild").click();
    await until(() => row(page, "catalog").getAttribute("data-lifecycle"), (lifecycle) => lifecycle === "Building", "it is being built");
    await until(() => row(page, "catalog").getAttribute("data-generation"), (generation) => generation === "2", "it was started again");
    const build = page.getByTestId("build");
    await until(() => build.getAttribute("data-ok"), (ok) => ok === "true", "the details tell of the build");
    expect(await build.innerText()).toContain("Build succeeded.");
  });
  it("by a key and from the palette, only where there is something to build", async () => {
    const page = await bench.open("busy", address);
    await row(page, "web").click();
    await page.keyboard.press("b");
    await until(() => withFake(page, (fake) => fake.calls["service.rebuild"]), (calls) => calls === 1, "web was asked for");
    expect(await row(page, "redis").getByTestId("action-rebuild").count()).toBe(0);
    await page.keyboard.press("Control+k");
    await page.keyboard.type("rebuild auth");
    await page.keyboard.press("Enter");
    await until(() => withFake(page, (fake) => fake.calls["service.rebuild"]), (calls) => calls === 2, "auth-service was asked for");
  });
  it("that fails says so with its last lines and the way to its output", async () => {
    const page = await bench.open("busy", `${address}?select=order-service`);
    await row(page, "order-service").waitFor();
    await withFake(page, (fake) => void (fake.world.failingBuild = "order-service"));
    await page.getByTestId("details-rebuild").click();
    const build = page.getByTestId("build");
    await until(() => build.getAttribute("data-ok").catch(() => null), (ok) => ok === "false", "the build failed");
    expect(await build.innerText()).toContain("error CS0103");
    await row(page, "order-service").getByTestId("build-failed").waitFor();
    await page.getByTestId("build-output").click();
    await page.getByTestId("log-row").filter({ hasText: "error CS0103" }).first().waitFor();
    expect(page.url()).toMatch(/service=order-service.*since=\d+&until=\d+/);
  });
  it("can be called off", async () => {
    const page = await bench.open("busy", `${address}?select=catalog`);
    await page.getByTestId("details-rebuild").click();
    await page.getByTestId("details-cancel").click();
    await until(() => page.getByTestId("build").innerText(), (text) => text.includes("Called off"), "the build was called off");
    expect(await row(page, "catalog").getAttribute("data-lifecycle")).toBe("Stopped");
  });
  it("by a change of files is announced by a badge", async () => {
    const page = await bench.open("busy", address);
    await row(page, "web").getByTestId("watching").waitFor();
    expect(await page.getByTestId("watching").count()).toBe(1);
  });
});

describe("a pull", () => {
  it("shows how far it is, layer by layer, and says that it has stalled", async () => {
    const page = await bench.open("pulling", `${address}?select=elasticsearch`);
    const bar = row(page, "kafka").getByRole("progressbar");
    await bar.waitFor();
    expect(Number(await bar.getAttribute("aria-valuenow"))).toBeGreaterThan(20);
    expect(await row(page, "elasticsearch").getByTestId("row-pull").getAttribute("data-stalled")).toBe("true");
    const pull = page.getByTestId("pull");
    expect(await pull.getByRole("progressbar").count()).toBe(3);
    expect(await pull.innerText()).toContain("Nothing has come for 30 s");
    await row(page, "kafka").getByTestId("action-cancel").click();
    await until(() => row(page, "kafka").getAttribute("data-lifecycle"), (lifecycle) => lifecycle === "Stopped", "the pull was called off");
  });
});
