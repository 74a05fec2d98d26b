// The delivered page behind its two real doors: the desktop's commands and
// channel, the browser's HTTP and WebSocket. What stands behind them is held here.
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./page";
import { BROWSER, serve } from "./serve.mjs";

const environment = { id: "e1", name: "shop", project_dir: "/p/shop", file: "/p/shop/benchtop.yaml", open: true, sample: false, status: "Healthy", last_opened: 0 };
const view = {
  ...environment, metrics: { services: 0, healthy: 0, degraded: 0, unhealthy: 0, starting: 0, stopped: 0, restarts: 0, cpu: 0, memory: 0 },
  services: [], run: null, run_started: null, runtime: null, settled: true, idle: true, problems: [], changed: [],
};
const answers: Record<string, unknown> = {
  "engine.info": { version: "9.9.9", protocol: 1, pid: 1, started: 0, data_dir: "/d" },
  "environment.list": [environment], "environment.open": environment, "environment.status": view,
  "logs.query": { records: [], newest: 0, more: false, dropped: 0, levels: [0, 0, 0, 0, 0, 0] }, "runs.list": [],
  "folder.inspect": { path: "/p/broken", files: [{ path: "/p/broken/benchtop.yaml", kind: "benchtop", services: null, problems: 1 }] },
};

let browser: Browser;
let server: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  server = await serve("dist");
  browser = await chromium.launch(BROWSER);
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

/** What the shell's side of the desktop was asked, and how it speaks. */
type ShellStub = { asked: [string, Record<string, unknown>][]; tell: (message: unknown) => void };
declare global {
  interface Window { shell?: ShellStub }
}

async function desktopPage(): Promise<Page> {
  const page = await browser.newPage();
  await page.addInitScript((known) => {
    const callbacks = new Map<number, (data: unknown) => void>();
    let next = 1;
    let channel = 0;
    let index = 0;
    window.shell = { asked: [], tell: (message) => callbacks.get(channel)?.({ index: index++, message }) };
    Object.assign(window, {
      __TAURI_INTERNALS__: {
        transformCallback: (callback: (data: unknown) => void) => (callbacks.set(next, callback), next++),
        unregisterCallback: (id: number) => void callbacks.delete(id),
        invoke: async (command: string, given: Record<string, unknown>) => {
          window.shell?.asked.push([command, given]);
          if (command === "subscribe") channel = (given.channel as { id: number }).id;
          if (command === "startup") return { environment: "e1", version: "1.2.3" };
          if (command === "plugin:dialog|open") return "/p/broken";
          if (command !== "call") return null;
          if (given.method === "environment.open") throw { code: "definition", message: "the file has 1 error", hint: null, problems: [{ severity: "error", place: { file: "benchtop.yaml", line: 3, column: 5 }, message: "unknown key", hint: null }] };
          return known[given.method as string];
        },
      },
    });
  }, answers);
  await page.goto(server.url);
  return page;
}

describe("the desktop's door", () => {
  it("begins with what the shell says and passes calls on", async () => {
    const page = await desktopPage();
    await page.getByTestId("environment-status").waitFor();
    expect(page.url()).toContain("#/e/e1/resources");
    const asked = await page.evaluate(() => window.shell?.asked ?? []);
    expect(asked).toContainEqual(["call", { method: "environment.status", request: { environment: "e1" } }]);
    expect(asked.filter(([command]) => command === "subscribe")).toHaveLength(1);
    await page.close();
  });
  it("hears connection, navigation and the question of quitting, and answers it", async () => {
    const page = await desktopPage();
    await page.getByTestId("environment-status").waitFor();
    await page.evaluate(() => window.shell?.tell({ type: "connection", connected: false, message: "the engine went away" }));
    expect(await page.getByTestId("connection-banner").innerText()).toContain("The engine went away");
    await page.evaluate(() => window.shell?.tell({ type: "connection", connected: true, message: null }));
    await page.getByTestId("connection-banner").waitFor({ state: "detached" });
    await page.evaluate(() => window.shell?.tell({ type: "navigate", to: "#/e/e1/runs" }));
    await page.getByText("No runs yet").waitFor();
    await page.evaluate(() => window.shell?.tell({ type: "quit_requested" }));
    await page.getByTestId("quit-leave").click();
    await until(() => page.evaluate(() => window.shell?.asked.at(-1)), (last) => JSON.stringify(last) === '["quit",{"mode":"leave"}]', "the shell was told");
    await page.close();
  });
  it("opens a folder by the system's dialog and shows the findings", async () => {
    const page = await desktopPage();
    await page.getByTestId("environment-status").waitFor();
    await page.goto(`${server.url}/#/`);
    await page.getByTestId("open-folder").click();
    expect(await page.getByTestId("open-failure").innerText()).toContain("benchtop.yaml:3:5");
    await page.close();
  });
});

describe("the browser's door", () => {
  it("asks by HTTP, hears by WebSocket, and comes back when it was cut off", async () => {
    const page = await browser.newPage();
    const asked: string[] = [];
    let sockets = 0;
    let cut = (): void => {};
    await page.route("**/v1/*", async (route) => {
      const method = new URL(route.request().url()).pathname.slice(4);
      asked.push(`${route.request().method()} ${method} ${route.request().postData()}`);
      if (method === "environment.open") await route.fulfill({ status: 422, json: { code: "definition", message: "the file has errors", hint: "look at it", problems: [] } });
      else await route.fulfill({ json: answers[method] ?? {} });
    });
    await page.routeWebSocket("**/v1/events", (socket) => {
      sockets += 1;
      cut = () => void socket.close();
    });
    await page.goto(`${server.url}/#/`);
    await page.getByTestId("recent").click();
    await page.getByTestId("environment-status").waitFor();
    expect(asked).toContain('POST environment.status {"environment":"e1"}');
    cut();
    await page.getByTestId("connection-banner").waitFor();
    await page.getByTestId("connection-banner").waitFor({ state: "detached" });
    expect(sockets).toBe(2);
    await page.goto(`${server.url}/#/`);
    await page.getByTestId("open-sample").click();
    expect(await page.getByTestId("open-failure").innerText()).toContain("Look at it");
    await page.close();
  });
});
