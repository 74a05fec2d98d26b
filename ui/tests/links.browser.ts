// What comes from outside the window: links that want something, folders that are
// dropped; and the settings of the program itself.
import { describe, expect, it } from "vitest";
import { row, SHOP, until, useBench, withFake } from "./page";

const bench = useBench();

describe("a link", () => {
  it("that wants to stop everything is asked about first, and does nothing without consent", async () => {
    const page = await bench.open("busy", `#/e/${SHOP}/resources`);
    await row(page, "redis").waitFor();
    const wish = () => withFake(page, (fake) => fake.emit({ type: "wish", wish: { kind: "all", start: false, environment: "/home/dev/projects/shop" } }));
    const calls = () => withFake(page, (fake) => fake.calls["environment.down"] ?? 0);
    await wish();
    await page.getByRole("heading", { name: "Stop all services of shop?" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByTestId("wish-agree").waitFor({ state: "detached" });
    expect(await calls()).toBe(0);
    await wish();
    await page.getByTestId("wish-agree").click();
    await until(calls, (count) => count === 1, "it was stopped once");
  });
  it("to open a folder shows which, and opens it with consent", async () => {
    const page = await bench.open("busy", "#/");
    await page.getByTestId("recent").first().waitFor();
    await withFake(page, (fake) => fake.emit({ type: "wish", wish: { kind: "open", path: "/home/dev/projects/shop" } }));
    await page.getByText("/home/dev/projects/shop.").waitFor();
    expect(await withFake(page, (fake) => fake.calls["environment.open"] ?? 0)).toBe(0);
    await page.getByTestId("wish-agree").click();
    await row(page, "redis").waitFor();
  });
  it("for an environment that is not known says so", async () => {
    const page = await bench.open("busy", "#/");
    await page.getByTestId("recent").first().waitFor();
    await withFake(page, (fake) => fake.emit({ type: "wish", wish: { kind: "restart", environment: "elsewhere", service: "api" } }));
    await page.getByText("This link is for an environment that is not known here").waitFor();
    expect(await page.getByTestId("wish-agree").count()).toBe(0);
  });
});

it("says where to drop a folder while one is dragged over the window, and opens it", async () => {
  const page = await bench.open("busy", "#/");
  await page.getByTestId("recent").first().waitFor();
  await withFake(page, (fake) => fake.emit({ type: "dragging", over: true }));
  await page.getByTestId("drop-hint").waitFor();
  await withFake(page, (fake) => (fake.emit({ type: "dropped", path: "/home/dev/projects/shop" }), fake.emit({ type: "dragging", over: false })));
  await page.getByTestId("drop-hint").waitFor({ state: "detached" });
  await row(page, "redis").waitFor();
});

it("starts with the session only where that was switched on, and says which version it is", async () => {
  const page = await bench.open("busy", `#/e/${SHOP}/settings`);
  const box = page.getByTestId("autostart");
  await until(() => box.isEnabled(), (enabled) => enabled, "the system has said whether it is on");
  expect(await box.isChecked()).toBe(false);
  await box.check();
  await page.reload();
  await page.getByTestId("autostart").waitFor();
  const about = page.getByTestId("about");
  await until(() => about.innerText(), (text) => text.includes("/home/dev/.local/share/benchtop"), "it says where the data lies");
  expect(await page.getByTestId("about-version").innerText()).toBe("0.1.0");
});

describe("what a person has asked of their system", () => {
  it("more contrast: quiet texts and lines become loud", async () => {
    const page = await bench.open("busy", `#/e/${SHOP}/resources`);
    await row(page, "redis").waitFor();
    const token = (name: string): Promise<string> => page.evaluate((wanted) => {
      const probe = document.createElement("i");
      probe.style.color = `var(${wanted})`;
      document.body.append(probe);
      const color = getComputedStyle(probe).color;
      probe.remove();
      return color;
    }, name);
    expect(await token("--text-subtle")).not.toBe(await token("--text"));
    await page.emulateMedia({ contrast: "more" });
    expect(await token("--text-subtle")).toBe(await token("--text"));
    expect(await token("--control")).toBe(await token("--text"));
  });
  it("less motion: nothing takes longer than a blink", async () => {
    const page = await bench.open("busy", `#/e/${SHOP}/resources`, undefined, { reducedMotion: "reduce" });
    await row(page, "redis").waitFor();
    const longest = await page.evaluate(() => Math.max(...[...document.querySelectorAll("*")].flatMap((element) => {
      const { animationDuration, transitionDuration } = getComputedStyle(element);
      return `${animationDuration},${transitionDuration}`.split(",").map(Number.parseFloat);
    })));
    expect(longest).toBeLessThanOrEqual(0.001);
  });
});
