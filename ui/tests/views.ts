// Every panel, dialog and menu in the states in which it looks different: what tests
// of accessibility go through.
import type { Page } from "playwright-core";
import { ODD } from "../src/lib/backend/fake/trace-recipes";
import { PLATFORM, row, SHOP, withFake } from "./page";

const at = (panel: string): string => `#/e/${SHOP}/${panel}`;

/** Name, scenario, address, and how to come to the state that is looked at. */
export type View = [name: string, scenario: string, address: string, arrive: (page: Page) => Promise<unknown>];
export const VIEWS: View[] = [
  ["the start page", "busy", "#/", (page) => page.getByTestId("recent").first().waitFor()],
  ["the start page with findings", "definition-error", "#/", async (page) => {
    await page.getByTestId("open-folder").click();
    await page.getByTestId("open-failure").waitFor();
  }],
  ["the start page with a choice", "choice", "#/", async (page) => {
    await page.getByTestId("open-folder").click();
    await page.getByTestId("found-file").first().waitFor();
  }],
  ["an import", "choice", "#/", async (page) => {
    await page.getByTestId("open-folder").click();
    await page.getByRole("button", { name: /^Import… .*aspire-manifest/ }).click();
    await page.getByText("2 notes").waitFor();
  }],
  ["resources", "busy", at("resources"), (page) => row(page, "web").waitFor()],
  ["resources in trouble, with details", "failing", at("resources?select=order-service"), (page) => page.getByText("Environment variables").waitFor()],
  ["resources with a broken file", "definition-error", at("resources"), async (page) => {
    await page.getByTestId("problems-banner").getByRole("button", { name: "Show" }).click();
    await page.getByText("Did you mean “environment”?").waitFor();
  }],
  ["changes of the definition", "busy", at("resources"), async (page) => {
    await page.getByTestId("show-changes").click();
    await page.getByTestId("change").first().waitFor();
  }],
  ["resources without a runtime", "no-runtime", at("resources"), (page) => page.getByTestId("runtime-banner").waitFor()],
  ["a pull that has stalled", "pulling", at("resources?select=elasticsearch"), (page) => page.getByTestId("pull").waitFor()],
  ["a build that failed", "failing", at("resources?select=order-service"), (page) => page.getByTestId("build").waitFor()],
  ["alerts", "failing", at("alerts"), (page) => page.getByTestId("alert").first().waitFor()],
  ["no alerts", "stopped", at("alerts"), (page) => page.getByText("Nothing has run yet").waitFor()],
  ["a strip of answers", "failing", at("resources?select=order-service"), (page) => page.getByTestId("probe-strip").last().focus()],
  ["the inside of Kafka", "systems", at("resources?select=kafka"), async (page) => {
    await page.locator("[data-topic=complex-input] button").click();
    await page.getByText("broker 1 leads").first().waitFor();
  }],
  ["the inside of Flink", "systems", at("resources?select=flink-jobmanager"), (page) => page.locator("[data-job=complex-logic]").waitFor()],
  ["SQL for Flink", "systems", at("resources?select=flink-sql-gateway"), async (page) => {
    await page.getByTestId("flink-submit").click();
    await page.getByTestId("flink-sql").fill("SELECT 1 FROM nix");
    await page.getByTestId("flink-send").click();
    await page.getByTestId("flink-error").waitFor();
  }],
  ["the inside of Temporal", "systems", at("resources?select=temporal"), (page) => page.locator("[data-workflow]").first().waitFor()],
  ["settings", "busy", at("settings"), (page) => page.getByTestId("runtime").first().waitFor()],
  ["settings without an environment", "busy", "#/settings", (page) => page.getByTestId("runtime").first().waitFor()],
  ["logs", "failing", at("logs"), (page) => page.getByTestId("log-row").first().waitFor()],
  ["logs with a record", "failing", at("logs"), async (page) => {
    await page.getByTestId("log-row").first().waitFor();
    await page.keyboard.press("Shift+E");
    await page.getByTestId("record-pane").waitFor();
  }],
  ["logs around a line, with columns and marks", "failing", at("logs?service=catalog&text=INFO&mark=1"), async (page) => {
    await page.getByTestId("log-row").last().click();
    await page.getByTestId("record-pane").getByRole("button", { name: "Column path" }).focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("x");
    await page.getByTestId("log-context").waitFor();
  }],
  ["logs with a search that is none", "busy", at("logs"), async (page) => {
    await page.getByTestId("log-row").first().waitFor();
    await page.getByTestId("log-search").fill('"open');
    await page.getByTestId("log-search-problem").waitFor();
  }],
  ["logs with the help", "busy", at("logs"), async (page) => {
    await page.getByTestId("log-row").first().waitFor();
    await page.getByTestId("log-search-help").click();
    await page.getByRole("menu").waitFor();
  }],
  ["logs with the view's choices", "busy", at("logs"), async (page) => {
    await page.getByTestId("log-row").first().waitFor();
    await page.getByTestId("log-view-menu").click();
    await page.getByRole("menu").waitFor();
  }],
  ["logs with the question for a time", "busy", at("logs"), async (page) => {
    await page.getByTestId("log-row").first().waitFor();
    await page.keyboard.press("g");
    await page.getByTestId("jump-time").waitFor();
  }],
  ["traces", "failing", at("traces"), (page) => page.getByTestId("trace-row").first().waitFor()],
  ["no traces yet", "stopped", at("traces"), (page) => page.getByTestId("telemetry-help").getByText("4318").waitFor()],
  ["traces without a match", "busy", at("traces?text=xyzzy"), (page) => page.getByText("No trace matches").waitFor()],
  ["traces of a stretch of time, with one selected", "busy", at("traces?min=1000000&max=900000000&service=web"), async (page) => {
    await page.getByTestId("trace-row").first().waitFor();
    await page.keyboard.press("j");
  }],
  ["a trace with a failed span", "failing", at("traces?errors=1"), async (page) => {
    await page.getByTestId("trace-row").first().click();
    await page.getByTestId("waterfall").waitFor();
    await page.keyboard.press("e");
    await page.getByTestId("span-pane").waitFor();
  }],
  ["a trace with findings, searched", "busy", at(`traces?trace=${ODD}`), async (page) => {
    await page.getByTestId("trace-findings").waitFor();
    await page.getByTestId("span-search").fill("SELECT");
    await page.locator("[data-testid=span-row].hit").first().waitFor();
  }],
  ["a flame graph", "busy", at(`traces?trace=${ODD}&tab=flame`), (page) => page.getByTestId("flame-graph").waitFor()],
  ["two traces", "busy", at(`traces?trace=${ODD}&tab=compare`), async (page) => {
    await page.getByTestId("compare-id").fill(ODD);
    await page.keyboard.press("Enter");
    await page.getByTestId("compare-row").first().waitFor();
  }],
  ["the map of services", "failing", at("traces?map=1"), async (page) => {
    await page.locator("[data-map-node=web]").click();
    await page.getByTestId("map-details").waitFor();
  }],
  ["the dashboard", "busy", at("metrics"), (page) => page.locator("[data-chart='Duration'] .legend").waitFor()],
  ["no metrics yet", "stopped", at("metrics"), (page) => page.getByText("No metrics yet").waitFor()],
  ["a metric in full, split", "busy", at("metrics?metric=http.server.request.duration&group=http.route&filter=http.route%3D%2Forders"), (page) => page.getByTestId("series-table").waitFor()],
  ["a heatmap", "busy", at("metrics?metric=traces.span.duration&show=heatmap"), (page) => page.getByTestId("plot").waitFor()],
  ["logs without a match", "busy", at("logs?text=xyzzy"), (page) => page.getByText("No line matches").waitFor()],
  ["runs", "failing", at("runs"), async (page) => {
    await page.locator("[data-testid=run-row][data-result=troubled]").first().click();
    await page.getByText("exited with code 134").first().waitFor();
  }],
  ["the report for a ticket", "failing", at("doctor"), async (page) => {
    await page.getByTestId("report").click();
    await page.getByTestId("report-entry").first().waitFor();
  }],
  ["two runs compared", "busy", at("runs"), async (page) => {
    await page.getByTestId("compare-run").click();
    await page.getByTestId("difference").first().waitFor();
  }],
  ["what is said of a run", "busy", at("runs"), async (page) => {
    await page.getByTestId("annotate-run").click();
    await page.getByTestId("run-label").waitFor();
  }],
  ["scenarios, one that has failed", "busy", at("scenarios?scenario=order-load&execution=s-96"), (page) => page.getByTestId("scenario-outcome").waitFor()],
  ["no scenarios", "stopped", at("scenarios"), (page) => page.getByTestId("scenario-example").waitFor()],
  ["the doctor, all well", "busy", at("doctor"), (page) => page.getByTestId("doctor-summary").waitFor()],
  ["the doctor in trouble, with its question", "failing", at("doctor"), async (page) => {
    await page.getByTestId("doctor-remove").click();
    await page.getByTestId("doctor-items").waitFor();
  }],
  ["the doctor in trouble", "failing", at("doctor"), (page) => page.getByTestId("doctor-free-port").waitFor()],
  ["the palette", "busy", at("resources"), async (page) => {
    await page.keyboard.press("Control+k");
    await page.getByTestId("palette-input").waitFor();
  }],
  ["the shortcuts", "busy", at("resources"), async (page) => {
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
  }],
  ["a question and messages", "busy", at("resources"), async (page) => {
    await row(page, "catalog").waitFor();
    await withFake(page, (fake) => fake.world.crash("catalog", Date.now(), 137, "Killed: out of memory", null));
    await page.getByTestId("toast").waitFor();
    await page.getByTestId("stop-all").click();
    await page.getByRole("dialog").waitFor();
  }],
  ["the start page of a first start", "empty", "#/", (page) => page.getByTestId("open-folder").waitFor()],
  ["the start page before an answer", "loading", "#/", (page) => page.getByTestId("open-folder").waitFor()],
  ["resources before an answer", "loading", at("resources"), (page) => page.getByRole("main").waitFor()],
  ["resources without the engine", "disconnected", at("resources"), (page) => page.getByTestId("engine-state").waitFor()],
  ["resources that are stopped", "stopped", at("resources"), (page) => row(page, "web").waitFor()],
  ["fifty services, in groups", "many", `#/e/${PLATFORM}/resources`, (page) => page.getByTestId("service-row").first().waitFor()],
  ["the cause of a failure, with its question", "failing", at("resources?select=payment-service"), async (page) => {
    await page.getByTestId("why").waitFor();
    await page.getByTestId("free-port").click();
    await page.getByTestId("confirm-free-port").waitFor();
  }],
  ["settings with a newer release", "busy", at("settings"), async (page) => {
    await page.getByTestId("updates-check").click();
    await page.getByTestId("updates-told").waitFor();
  }],
  ["settings with telemetry sent on", "busy", at("settings"), async (page) => {
    await page.getByLabel("Address of OTLP/HTTP").fill("http://localhost:1");
    await page.getByTestId("forward-save").click();
    await page.getByTestId("forward-state").waitFor();
  }],
  ["logs without a line", "stopped", at("logs"), (page) => page.getByRole("main").waitFor()],
  ["a million lines, searched in part", "million", at("logs?text=%22request%2012%20%22"), (page) => page.getByTestId("log-searched").waitFor()],
  ["a map without calls", "stopped", at("traces?map=1"), (page) => page.getByRole("main").waitFor()],
  ["a trace that is not there", "busy", at("traces?trace=00000000000000000000000000000bad"), (page) => page.getByRole("main").waitFor()],
  ["no runs", "stopped", at("runs"), (page) => page.getByText("No runs yet").waitFor()],
  ["runs without a match", "busy", at("runs"), (page) => page.getByTestId("find-runs").fill("xyzzy")],
  ["a scenario that runs", "busy", at("scenarios?scenario=order-load"), async (page) => {
    await page.getByTestId("run-selected").click();
    await page.getByTestId("step-progress").waitFor();
  }],
  ["the doctor before an answer", "loading", at("doctor"), (page) => page.getByRole("main").waitFor()],
  ["the question of quitting", "busy", at("resources"), async (page) => {
    await withFake(page, (fake) => fake.emit({ type: "quit_requested" }));
    await page.getByTestId("quit-stop").waitFor();
  }],
  ["the question of a link", "busy", at("resources"), async (page) => {
    await withFake(page, (fake) => fake.emit({ type: "wish", wish: { kind: "open", path: "/home/dev/projects/shop" } }));
    await page.getByTestId("wish-agree").waitFor();
  }],
  ["a folder that is dragged over", "busy", at("resources"), async (page) => {
    await withFake(page, (fake) => fake.emit({ type: "dragging", over: true }));
    await page.getByTestId("drop-hint").waitFor();
  }],
  ["the palette without a match", "busy", at("resources"), async (page) => {
    await page.keyboard.press("Control+k");
    await page.getByTestId("palette-input").fill("qqqq");
    await page.getByText("Nothing fits").waitFor();
  }],
  ["the word of a control", "busy", at("resources"), async (page) => {
    await page.getByTestId("theme").hover();
    await page.getByRole("tooltip").waitFor();
  }],
];
