// Takes pictures of every view in every situation, both themes, two sizes, into
// ui/screens. Arguments narrow it: `node tests/screens.mjs resources dark`.
import { mkdir } from "node:fs/promises";
import { chromium } from "playwright-core";
import { BROWSER, serve } from "./serve.mjs";

const ENVIRONMENT = encodeURIComponent("/home/dev/projects/shop");
const PLATFORM = encodeURIComponent("/home/dev/projects/platform");
const SIZES = { large: { width: 1240, height: 800 }, small: { width: 760, height: 480 } };
const THEMES = ["light", "dark"];

/** Name, scenario, address, and what to do before the picture. */
const VIEWS = [
  ["start", "busy", "#/"],
  ["start-empty", "empty", "#/"],
  ["start-loading", "loading", "#/"],
  ["start-choice", "choice", "#/", async (page) => page.getByTestId("open-folder").click()],
  ["start-import", "choice", "#/", async (page) => { await page.getByTestId("open-folder").click(); await page.getByRole("button", { name: /^Import… .*aspire/ }).click(); }],
  ["start-error", "definition-error", "#/", async (page) => page.getByTestId("open-folder").click()],
  ["resources-busy", "busy", `#/e/${ENVIRONMENT}/resources`],
  ["resources-later", "busy", `#/e/${ENVIRONMENT}/resources`, async (page) => page.waitForTimeout(14_000)],
  ["resources-details", "busy", `#/e/${ENVIRONMENT}/resources?select=order-service`],
  ["resources-failing", "failing", `#/e/${ENVIRONMENT}/resources`],
  ["resources-failing-details", "failing", `#/e/${ENVIRONMENT}/resources?select=order-service`],
  ["resources-loading", "loading", `#/e/${ENVIRONMENT}/resources`],
  ["resources-disconnected", "disconnected", `#/e/${ENVIRONMENT}/resources`],
  ["resources-definition", "definition-error", `#/e/${ENVIRONMENT}/resources`, async (page) => page.getByRole("button", { name: "Show" }).click()],
  ["resources-no-runtime", "no-runtime", `#/e/${ENVIRONMENT}/resources`],
  ["changes", "busy", `#/e/${ENVIRONMENT}/resources`, async (page) => page.getByTestId("show-changes").click()],
  ["resources-pulling", "pulling", `#/e/${ENVIRONMENT}/resources?select=elasticsearch`],
  ["systems-kafka", "systems", `#/e/${ENVIRONMENT}/resources?select=kafka`, async (page) => page.locator("[data-topic=complex-input] button").click()],
  ["systems-flink", "systems", `#/e/${ENVIRONMENT}/resources?select=flink-jobmanager`],
  ["systems-sql", "systems", `#/e/${ENVIRONMENT}/resources?select=flink-sql-gateway`, async (page) => page.getByTestId("flink-submit").click()],
  ["systems-temporal", "systems", `#/e/${ENVIRONMENT}/resources?select=temporal`],
  ["settings", "busy", `#/e/${ENVIRONMENT}/settings`],
  ["settings-start", "busy", "#/settings"],
  ["logs-context", "busy", `#/e/${ENVIRONMENT}/logs?service=catalog&text=catalog`, async (page) => { await page.getByTestId("log-row").nth(8).click(); await page.keyboard.press("x"); }],
  ["logs-help", "busy", `#/e/${ENVIRONMENT}/logs`, async (page) => page.getByTestId("log-search-help").click()],
  ["logs-view", "busy", `#/e/${ENVIRONMENT}/logs`, async (page) => page.getByTestId("log-view-menu").click()],
  ["logs-problem", "busy", `#/e/${ENVIRONMENT}/logs`, async (page) => page.getByTestId("log-search").fill('level>= "open')],
  ["logs-jump", "busy", `#/e/${ENVIRONMENT}/logs`, async (page) => page.keyboard.press("g")],
  ["logs-search-on", "million", `#/e/${ENVIRONMENT}/logs?text=%22request%2012%20%22`],
  ["resources-many", "many", `#/e/${PLATFORM}/resources`],
  ["resources-stopped", "stopped", `#/e/${ENVIRONMENT}/resources`],
  ["logs-busy", "busy", `#/e/${ENVIRONMENT}/logs`],
  ["logs-one", "busy", `#/e/${ENVIRONMENT}/logs?service=web,payment-service&text=order`],
  ["logs-record", "failing", `#/e/${ENVIRONMENT}/logs?level=warn`, async (page) => page.getByTestId("log-row").last().click()],
  ["logs-many", "many", `#/e/${PLATFORM}/logs`],
  ["logs-none", "stopped", `#/e/${ENVIRONMENT}/logs`],
  ["logs-no-match", "busy", `#/e/${ENVIRONMENT}/logs?text=xyzzy`],
  ["scenarios", "busy", `#/e/${ENVIRONMENT}/scenarios?scenario=order-load`],
  ["scenarios-failed", "busy", `#/e/${ENVIRONMENT}/scenarios?scenario=order-load&execution=s-96`],
  ["scenarios-running", "busy", `#/e/${ENVIRONMENT}/scenarios?scenario=order-load`, async (page) => { await page.getByTestId("run-selected").click(); await page.getByTestId("step-progress").waitFor(); }],
  ["scenarios-none", "stopped", `#/e/${ENVIRONMENT}/scenarios`],
  ["traces-list", "failing", `#/e/${ENVIRONMENT}/traces`],
  ["traces-none", "stopped", `#/e/${ENVIRONMENT}/traces`],
  ["traces-map", "failing", `#/e/${ENVIRONMENT}/traces?map=1`],
  ["trace-error", "failing", `#/e/${ENVIRONMENT}/traces?errors=1`, async (page) => { await page.getByTestId("trace-row").first().click(); await page.getByTestId("waterfall").waitFor(); await page.keyboard.press("e"); }],
  ["trace-large", "busy", `#/e/${ENVIRONMENT}/traces?trace=b1600000000000000000000000000010`],
  ["trace-odd", "busy", `#/e/${ENVIRONMENT}/traces?trace=0dd00000000000000000000000000001`],
  ["trace-flame", "busy", `#/e/${ENVIRONMENT}/traces?trace=0dd00000000000000000000000000001&tab=flame`],
  ["trace-compare", "busy", `#/e/${ENVIRONMENT}/traces?trace=0dd00000000000000000000000000001&tab=compare&other=b1600000000000000000000000000010`],
  ["metrics-dashboard", "failing", `#/e/${ENVIRONMENT}/metrics`, async (page) => page.waitForTimeout(900)],
  ["metrics-stacked", "failing", `#/e/${ENVIRONMENT}/metrics`, async (page) => { await page.evaluate(() => localStorage.setItem("benchtop.metrics-stacked", JSON.stringify(["container.memory.usage value + process.memory.usage value", "container.cpu.usage value", "traces.span.duration rate"]))); await page.reload(); await page.getByTestId("plot").first().waitFor(); await page.waitForTimeout(900); const box = await page.locator("[data-chart=Memory] [data-testid=plot]").boundingBox(); await page.mouse.move(box.x + box.width * 0.4, box.y + 80); }],
  ["metrics-pinned", "many", `#/e/${PLATFORM}/metrics`, async (page) => page.waitForTimeout(900)],
  ["metrics-one", "busy", `#/e/${ENVIRONMENT}/metrics?metric=http.server.request.duration&group=http.route`, async (page) => page.waitForTimeout(700)],
  ["metrics-heatmap", "busy", `#/e/${ENVIRONMENT}/metrics?metric=traces.span.duration&show=heatmap`, async (page) => page.waitForTimeout(700)],
  ["metrics-none", "stopped", `#/e/${ENVIRONMENT}/metrics`],
  ["alerts", "failing", `#/e/${ENVIRONMENT}/alerts`],
  ["alerts-silence", "failing", `#/e/${ENVIRONMENT}/alerts`, async (page) => { await page.getByTestId("silence").last().click(); await page.getByRole("menuitem").first().click(); await page.getByTestId("silence").first().click(); }],
  ["alerts-none", "stopped", `#/e/${ENVIRONMENT}/alerts`],
  ["probe-strip", "failing", `#/e/${ENVIRONMENT}/resources?select=order-service`, async (page) => { await page.getByTestId("probe-strip").last().focus(); await page.keyboard.press("ArrowLeft"); await page.waitForTimeout(500); }],
  ["runs-list", "busy", `#/e/${ENVIRONMENT}/runs`],
  ["runs-failing", "failing", `#/e/${ENVIRONMENT}/runs`, async (page) => page.getByTestId("run-row").nth(2).click()],
  ["runs-compared", "busy", `#/e/${ENVIRONMENT}/runs`, async (page) => page.getByTestId("compare-run").click()],
  ["runs-notes", "busy", `#/e/${ENVIRONMENT}/runs`, async (page) => page.getByTestId("annotate-run").click()],
  ["runs-empty", "stopped", `#/e/${ENVIRONMENT}/runs`],
  ["doctor", "busy", `#/e/${ENVIRONMENT}/doctor`],
  ["doctor-failing", "failing", `#/e/${ENVIRONMENT}/doctor`, async (page) => page.getByTestId("doctor-free-port").waitFor()],
  ["doctor-remove", "failing", `#/e/${ENVIRONMENT}/doctor`, async (page) => page.getByTestId("doctor-remove").click()],
  ["doctor-loading", "loading", `#/e/${ENVIRONMENT}/doctor`],
  ["report", "failing", `#/e/${ENVIRONMENT}/doctor`, async (page) => { await page.getByTestId("report").click(); await page.getByTestId("report-entry").first().waitFor(); }],
  ["why", "failing", `#/e/${ENVIRONMENT}/resources?select=payment-service`, async (page) => page.getByTestId("why").waitFor()],
  ["palette", "busy", `#/e/${ENVIRONMENT}/resources`, async (page) => { await page.keyboard.press("Control+k"); await page.keyboard.type("res or"); }],
  ["switcher", "busy", `#/e/${ENVIRONMENT}/resources`, async (page) => page.getByTestId("environment-switcher").click()],
  ["shortcuts", "busy", `#/e/${ENVIRONMENT}/resources`, async (page) => page.keyboard.press("?")],
  ["quit", "busy", `#/e/${ENVIRONMENT}/resources`, async (page) => page.evaluate(() => window.fake.emit({ type: "quit_requested" }))],
  ["toasts", "busy", `#/e/${ENVIRONMENT}/resources`, async (page) => {
    await page.evaluate(() => { window.fake.failNext("service.restart", "The port 5003 is held by another program", "Stop node (pid 8112) or choose another port"); window.fake.world.crash("catalog", Date.now(), 137, "Killed: out of memory (exit code 137)", 9000); });
    await page.locator("[data-service=payment-service]").getByTestId("action-restart").click();
  }],
];

const wanted = process.argv.slice(2);
await mkdir("screens", { recursive: true });
const server = await serve("dist-fake");
const browser = await chromium.launch(BROWSER);
for (const theme of THEMES) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const [name, scenario, address, prepare] of VIEWS) {
      const file = `${name}-${theme}-${size}`;
      if (wanted.length && !wanted.every((word) => file.includes(word))) continue;
      const page = await browser.newPage({ viewport, colorScheme: theme });
      page.on("pageerror", (error) => console.error(`${file}: ${error.message}`));
      page.on("console", (message) => message.type() === "error" && console.error(`${file}: ${message.text()}`));
      await page.goto(`${server.url}/?fake=${scenario}${address}`);
      await page.waitForTimeout(scenario === "disconnected" ? 1100 : 450);
      await prepare?.(page).catch((error) => console.error(`${file}: ${error.message}`));
      await page.waitForTimeout(350);
      await page.screenshot({ path: `screens/${file}.png` });
      await page.close();
    }
  }
}
await browser.close();
await server.close();
