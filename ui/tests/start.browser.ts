// The start page: opening, what was opened before, and errors of a definition.
import { describe, expect, it } from "vitest";
import { useBench } from "./page";

const bench = useBench();

describe("the start page", () => {
  it("opens the sample", async () => {
    const page = await bench.open("busy", "#/");
    await page.getByTestId("open-sample").click();
    await page.getByTestId("service-row").first().waitFor();
    expect(page.url()).toContain("/resources");
  });
  it("opens a recent environment, and its address can be reloaded", async () => {
    const page = await bench.open("busy", "#/");
    await page.getByTestId("recent").first().click();
    await page.getByTestId("service-row").first().waitFor();
    await page.reload();
    await page.getByTestId("service-row").first().waitFor();
    expect(await page.title()).toMatch(/^shop: Healthy/);
  });
  it("lists every finding of a broken definition with its place and hint", async () => {
    const page = await bench.open("definition-error", "#/");
    await page.getByTestId("open-folder").click();
    const failure = page.getByTestId("open-failure");
    await failure.waitFor();
    const text = await failure.innerText();
    expect(text).toContain("benchtop.yaml:14:7");
    expect(text).toContain("Did you mean “environment”?");
    expect(await failure.getByRole("listitem").count()).toBe(4);
  });
  it("says what will be there when nothing was opened yet", async () => {
    const page = await bench.open("empty", "#/");
    await page.getByText("What you open will be listed here.").waitFor();
  });
});
