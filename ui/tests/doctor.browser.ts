// The Doctor panel: what is said of the machine, and what one click can do about it.
import { expect, it } from "vitest";
import { SHOP, until, useBench, withFake } from "./page";

const bench = useBench();
const address = `#/e/${SHOP}/doctor`;

it("says that all is well, with the evidence of each verdict at hand", async () => {
  const page = await bench.open("busy", `#/e/${SHOP}/resources`);
  await page.getByTestId("nav-doctor").click();
  await page.getByTestId("doctor-summary").waitFor();
  expect(await page.getByTestId("doctor-summary").innerText()).toContain("All 23 checks pass");
  expect(await page.locator("[data-testid=doctor-check]:not([data-state=pass])").count()).toBe(0);
  expect(await page.getByTestId("doctor-details").count()).toBe(0);
  await page.getByRole("button", { name: "Details of Name servers" }).click();
  expect(await page.getByTestId("doctor-details").innerText()).toContain("127.0.0.53");
});

it("shows what fails with its reason and fix, removes leftovers after a question, and looks again", async () => {
  const page = await bench.open("failing", address);
  const ports = page.locator("[data-check=ports]");
  await ports.waitFor();
  const said = await ports.innerText();
  for (const words of ["Fail", "Port 5003 is held by pid 8112 (node)", "Fix: stop that program"]) expect(said).toContain(words);
  await page.getByTestId("doctor-remove").click();
  expect(await page.getByTestId("doctor-items").innerText()).toContain("old-shop-postgres-1");
  await page.getByTestId("doctor-confirm").click();
  const asked = () => withFake(page, (fake) => fake.asked["doctor.clean"]);
  await until(asked, (request) => JSON.stringify(request) === JSON.stringify({ items: ["container:9f3c2b", "network:77ab01", "shim:4021:8812"] }), "the leftovers were to be removed");
  expect(await page.getByTestId("toast").first().innerText()).toContain("2 removed, 1 not");
  await until(() => page.locator("[data-check=leftovers]").innerText(), (text) => text.includes("1 things") || text.includes("old-shop-3f6fbe56f5ea"), "the machine was looked at again");
});

it("asks before it ends a program that holds a port", async () => {
  const page = await bench.open("failing", address);
  await page.getByTestId("doctor-free-port").click();
  expect(await withFake(page, (fake) => fake.asked["port.free"] ?? null)).toBe(null);
  await page.getByTestId("doctor-confirm").click();
  await until(() => withFake(page, (fake) => fake.asked["port.free"]), (request) => JSON.stringify(request) === JSON.stringify({ port: 5003, pid: 8112 }), "node was asked to end");
});

it("copies the report, runs again, and is reached by palette and key", async () => {
  const page = await bench.open("failing", `#/e/${SHOP}/resources`);
  await page.keyboard.press("Control+k");
  await page.getByTestId("palette-input").fill("doctor");
  await page.keyboard.press("Enter");
  await page.getByTestId("doctor-summary").waitFor();
  await page.getByTestId("doctor-copy").click();
  const copied = await until(() => page.evaluate(() => navigator.clipboard.readText()), (text) => text.includes("Ports:"), "the report was copied");
  expect(copied).toContain("  Fail     Ports: port 5003 is held by pid 8112 (node), and payment-service needs it\n           fix: stop that program");
  const calls = () => withFake(page, (fake) => fake.calls["doctor.run"] ?? 0);
  const before = await calls();
  await page.getByTestId("doctor-run").click();
  await until(calls, (now) => now > before, "it ran again");
});

it("says that it is looking, and why it cannot", async () => {
  const waiting = await bench.open("loading", address);
  await waiting.getByTestId("doctor-loading").waitFor();
});

it("lists what a report holds before it is written, and says where it lies", async () => {
  const page = await bench.open("failing", address);
  await page.getByTestId("report").click();
  await page.getByTestId("report-entry").first().waitFor();
  expect(await withFake(page, (fake) => fake.asked["report.write"] ?? null)).toBe(null);
  expect(await page.getByTestId("report-path").inputValue()).toMatch(/^\/home\/dev\/projects\/shop\/shop-report-[\d-]+\.tar\.gz$/);
  await withFake(page, (fake) => fake.failNext("report.write", "The file exists", "choose another name"));
  await page.getByTestId("write-report").click();
  expect(await page.getByRole("alert").innerText()).toContain("The file exists");
  await page.getByTestId("report-path").fill("/tmp/ticket-42.tar.gz");
  await page.keyboard.press("Enter");
  await page.getByTestId("report-written").waitFor();
  expect(await withFake(page, (fake) => fake.asked["report.write"])).toMatchObject({ path: "/tmp/ticket-42.tar.gz", overwrite: false });
  expect(await page.getByTestId("report-dialog").innerText()).toContain("/tmp/ticket-42.tar.gz");
});

it("leads from a cause to the line of the log that says it", async () => {
  const page = await bench.open("failing", `#/e/${SHOP}/resources?select=payment-service`);
  await page.getByTestId("show-line").click();
  const selected = page.locator("[data-testid=log-row].selected");
  await selected.waitFor();
  const line = new URL(page.url().replace("#/", "")).searchParams.get("line");
  expect(Number(line)).toBeGreaterThan(0);
  expect(await selected.getAttribute("data-seq")).toBe(line);
  expect(await selected.innerText()).toContain("payment-service");
});
