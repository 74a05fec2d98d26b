// The settings: which container runtime, and the look.
import { expect, it } from "vitest";
import { SHOP, until, useBench, withFake } from "./page";

const bench = useBench();

it("lists the runtimes with state, reason and fix, and chooses one for this environment or for all", async () => {
  const page = await bench.open("busy", `#/e/${SHOP}/resources`);
  await page.getByTestId("nav-settings").click();
  await page.getByTestId("runtime").first().waitFor();
  const texts = await page.getByTestId("runtime").allInnerTexts();
  expect(texts[0]).toContain("In use");
  expect(texts[1]).toContain("systemctl --user start podman.socket");
  await page.getByTestId("use-runtime").first().click();
  const asked = () => withFake(page, (fake) => fake.asked["runtime.choose"]);
  await until(asked, (request) => JSON.stringify(request) === JSON.stringify({ environment: "/home/dev/projects/shop", address: "unix:///run/user/1000/podman/podman.sock" }), "it was chosen for this environment");
  await page.getByRole("button", { name: /^All that have/ }).click();
  await page.getByTestId("runtime-automatic").click();
  await until(asked, (request) => JSON.stringify(request) === JSON.stringify({ environment: null, address: null }), "the choice was given up for all");
});
it("opens without an environment, by a key, and sets the theme", async () => {
  const page = await bench.open("busy", "#/");
  await page.getByTestId("recent").first().waitFor();
  await page.keyboard.press(",");
  await page.getByTestId("settings").waitFor();
  await page.getByLabel("Dark").check();
  expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
  await page.getByRole("button", { name: "Start page" }).click();
  await page.getByTestId("open-folder").waitFor();
});
it("sends telemetry on to another backend, says how that goes, and stops it", async () => {
  const page = await bench.open("busy", `#/e/${SHOP}/settings`);
  const section = page.getByTestId("telemetry-settings");
  await section.getByLabel("Address of OTLP/HTTP").fill("http://localhost:14318");
  await page.keyboard.press("Enter");
  const state = section.getByTestId("forward-state");
  await state.waitFor();
  expect(await state.innerText()).toContain("1,204 requests sent on, 2 waiting, 0 dropped");
  const asked = () => withFake(page, (fake) => fake.asked["telemetry.forward"]);
  await until(asked, (request) => JSON.stringify(request) === JSON.stringify({ environment: "/home/dev/projects/shop", address: "http://localhost:14318", headers: [] }), "it was set for this environment");
  await section.getByLabel("Address of OTLP/HTTP").fill("http://localhost:1");
  await section.getByTestId("forward-save").click();
  await until(() => state.innerText(), (text) => text.includes("It does not take the telemetry now: it is not reached"), "a backend that does not answer is said");
  await section.getByLabel("Address of OTLP/HTTP").fill("https://otlp.example.com");
  await section.getByLabel(/^Headers/).fill("authorization: Bearer s3cret\n\nx-team: blue");
  await section.getByTestId("forward-save").click();
  await until(asked, (request) => JSON.stringify(request) === JSON.stringify({ environment: "/home/dev/projects/shop", address: "https://otlp.example.com", headers: ["authorization: Bearer s3cret", "x-team: blue"] }), "headers go along");
  await section.getByTestId("forward-headers-sent").waitFor();
  expect(await section.getByTestId("forward-headers-sent").innerText()).toBe("Headers sent along: authorization, x-team");
  expect(await section.innerText()).not.toContain("s3cret");
  expect(await section.getByLabel(/^Headers/).inputValue()).toBe("");
  await section.getByTestId("forward-stop").click();
  await state.waitFor({ state: "detached" });
  expect(await section.getByLabel("Address of OTLP/HTTP").inputValue()).toBe("");
});
it("asks for a newer release on demand, and by itself only where that is wanted", async () => {
  const page = await bench.open("busy", `#/e/${SHOP}/settings`);
  const automatic = page.getByTestId("updates-automatic");
  await automatic.waitFor();
  expect(await automatic.isChecked()).toBe(false);
  expect(await withFake(page, (fake) => fake.asked["updates.check"])).toBeUndefined();
  await page.getByTestId("updates-check").click();
  await page.getByTestId("updates-told").filter({ hasText: "Benchtop 0.2.0 is there" }).waitFor();
  await withFake(page, (fake) => fake.failNext("updates.check", "The newest release is not known: no answer within 10s", "Nothing was changed"));
  await page.getByTestId("updates-check").click();
  await page.getByText("The newest release is not known").waitFor();
  await automatic.check();
  await until(() => withFake(page, (fake) => fake.asked["updates.automatic"]), (request) => JSON.stringify(request) === JSON.stringify({ on: true }), "it was turned on");
});
