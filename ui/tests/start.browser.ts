// The start page: opening, what was opened before, and errors of a definition.
import { describe, expect, it } from "vitest";
import { useBench, withFake } from "./page";

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
    await failure.getByTestId("open-place").first().click();
    expect(await withFake(page, (fake) => fake.asked["file.open"])).toMatchObject({ environment: null, tried: expect.any(String), path: "benchtop.yaml", line: 14 });
  });
  it("offers what it found in a folder, and opens the file that is chosen", async () => {
    const page = await bench.open("choice", "#/");
    await page.getByTestId("open-folder").click();
    await page.getByTestId("found-file").first().waitFor();
    expect(await page.getByTestId("found-file").allInnerTexts()).toEqual([expect.stringContaining("Compose file · 6 services"), expect.stringContaining("2 errors"), expect.stringContaining("Aspire manifest")]);
    await page.getByRole("button", { name: "Open compose.yaml" }).click();
    await page.getByTestId("service-row").first().waitFor();
    expect(await withFake(page, (fake) => fake.asked["environment.open"])).toMatchObject({ path: "/home/dev/projects/storefront/compose.yaml" });
  });
  it("imports an Aspire manifest: preview, notes, and a question before a file goes", async () => {
    const page = await bench.open("choice", "#/");
    await page.getByTestId("open-folder").click();
    await page.getByRole("button", { name: /^Import… .*aspire-manifest/ }).click();
    const dialog = page.getByTestId("import");
    await dialog.getByText("2 notes").waitFor();
    expect(await dialog.innerText()).toContain("process: dotnet run --project ../Catalog.Api");
    expect(await withFake(page, (fake) => fake.asked["definition.import"])).toMatchObject({ output: null });
    await page.getByTestId("import-write").click();
    expect(await page.getByTestId("import-failure").innerText()).toContain("exists already");
    await page.getByTestId("import-replace").click();
    await page.getByTestId("service-row").first().waitFor();
    expect(await withFake(page, (fake) => fake.asked["definition.import"])).toMatchObject({ output: "/home/dev/projects/storefront/benchtop.yaml", overwrite: true });
  });
  it("says that there is nothing to open", async () => {
    const page = await bench.open("empty", "#/");
    await page.getByTestId("open-folder").click();
    await page.getByText("Nothing to open in this folder").waitFor();
  });
  it("says what will be there when nothing was opened yet", async () => {
    const page = await bench.open("empty", "#/");
    await page.getByText("What you open will be listed here.").waitFor();
  });
});
