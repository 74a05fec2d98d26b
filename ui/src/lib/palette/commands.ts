// Everything that can be done from the palette at this moment.
import type { IconName } from "../icons/paths";
import { canCancel, canRebuild, canRestart, canStart, canStop } from "../format/status";
import { panelRoute, PANELS, logsRoute, metricsRoute, tracesRoute } from "../routing/route";
import { actOnService, startAll, type ServiceAction } from "../state/actions";
import { importRun, importTelemetry } from "../state/transfer";
import type { App } from "../state/app.svelte";
import { THEMES } from "../state/theme.svelte";
import { fuzzyMatch } from "./fuzzy";

export type Command = { id: string; title: string; detail: string; icon: IconName; keys?: string; run: () => void };
export type FoundCommand = Command & { positions: number[] };

const MOST = 40;

/** Those that fit, best first; all in their order where nothing is typed. */
export function findCommands(commands: readonly Command[], query: string): FoundCommand[] {
  return commands
    .map((command) => ({ command, match: fuzzyMatch(query, command.title) }))
    .filter((found) => found.match !== null)
    .sort((one, other) => (other.match?.score ?? 0) - (one.match?.score ?? 0))
    .slice(0, MOST)
    .map(({ command, match }) => ({ ...command, positions: match?.positions ?? [] }));
}

export function allCommands(app: App): Command[] {
  const store = app.environment;
  return [...(store ? environmentCommands(app, store.id) : []), ...pageCommands(app), ...(store ? serviceCommands(app, store.id) : [])];
}

function environmentCommands(app: App, environment: string): Command[] {
  const services = app.environment?.view?.services ?? [];
  const name = app.environment?.view?.name ?? "";
  const icons = { resources: "resources", logs: "logs", traces: "traces", metrics: "metrics", runs: "runs", scenarios: "flask", doctor: "stethoscope" } as const;
  const commands: Command[] = PANELS.map((panel, index) => ({
    id: `panel:${panel}`, title: `Go to ${panel[0]?.toUpperCase()}${panel.slice(1)}`, detail: "Panel", icon: icons[panel], keys: String(index + 1),
    run: () => app.router.go(panelRoute(environment, panel)),
  }));
  commands.push({ id: "alerts", title: "Show alerts", detail: name, icon: "bell", keys: "a", run: () => app.router.go({ view: "alerts", environment }) });
  commands.push({ id: "service-map", title: "Show the map of services", detail: "Traces", icon: "map", run: () => app.router.go(tracesRoute(environment, { map: true })) });
  commands.push({ id: "failed-traces", title: "Show traces with errors", detail: "Traces", icon: "traces", run: () => app.router.go(tracesRoute(environment, { errors: true })) });
  commands.push({ id: "report", title: "Report for a ticket…", detail: "Doctor", icon: "download", run: () => (app.dialog = "report") });
  commands.push({ id: "import-run", title: "Import run…", detail: "Runs", icon: "upload", run: () => void importRun(app, environment) });
  commands.push({ id: "import-telemetry", title: "Import telemetry…", detail: "Runs", icon: "upload", run: () => void importTelemetry(app, environment) });
  if (services.some(canStart)) commands.push({ id: "up", title: "Start all", detail: name, icon: "play", run: () => void startAll(app, environment) });
  if (app.environment?.view?.changed.length) commands.push({ id: "changes", title: "Show changes of the definition", detail: name, icon: "restart", run: () => (app.dialog = "changes") });
  if (services.some(canStop)) commands.push({ id: "down", title: "Stop all", detail: name, icon: "stop", run: () => (app.dialog = "stop-all") });
  return commands;
}

function pageCommands(app: App): Command[] {
  const icons = { system: "monitor", light: "sun", dark: "moon" } as const;
  const others = (app.environments ?? []).filter(({ id }) => id !== app.environment?.id);
  return [
    ...others.map((environment): Command => ({
      id: `environment:${environment.id}`, title: `Switch to ${environment.name}`, detail: environment.project_dir, icon: "chevronsUpDown",
      run: () => app.router.go({ view: "resources", environment: environment.id, select: null }),
    })),
    { id: "open", title: "Open a folder…", detail: "Environment", icon: "folder", run: () => void app.openFolder() },
    { id: "start", title: "Go to the start page", detail: "Environment", icon: "chevronLeft", run: () => app.router.go({ view: "start" }) },
    ...THEMES.map((theme): Command => ({ id: `theme:${theme}`, title: `Theme: ${theme}`, detail: "Look", icon: icons[theme], run: () => app.theme.choose(theme) })),
    { id: "settings", title: "Settings", detail: "Container runtime, theme", icon: "gear", keys: ",", run: () => app.router.go({ view: "settings", environment: app.environment?.id ?? null }) },
    { id: "shortcuts", title: "Keyboard shortcuts", detail: "Help", icon: "keyboard", keys: "?", run: () => (app.dialog = "shortcuts") },
  ];
}

function serviceCommands(app: App, environment: string): Command[] {
  return (app.environment?.view?.services ?? []).flatMap((service): Command[] => {
    const { name, status } = service;
    const act = (action: ServiceAction) => () => void actOnService(app, environment, name, action);
    const commands: Command[] = [];
    if (canRestart(service)) commands.push({ id: `restart:${name}`, title: `Restart ${name}`, detail: status, icon: "restart", run: act("restart") });
    if (canRebuild(service)) commands.push({ id: `rebuild:${name}`, title: `Rebuild ${name}`, detail: status, icon: "hammer", run: act("rebuild") });
    if (canCancel(service)) commands.push({ id: `cancel:${name}`, title: `Cancel ${name}`, detail: status, icon: "close", run: act("cancel") });
    if (canStart(service)) commands.push({ id: `start:${name}`, title: `Start ${name}`, detail: status, icon: "play", run: act("start") });
    if (canStop(service)) commands.push({ id: `stop:${name}`, title: `Stop ${name}`, detail: status, icon: "stop", run: act("stop") });
    if (service.probes.length) commands.push({ id: `probe:${name}`, title: `Probe ${name} now`, detail: status, icon: "pulse", run: act("probe") });
    if (service.kind !== "external") commands.push({ id: `logs:${name}`, title: `Show logs of ${name}`, detail: status, icon: "logs", run: () => app.router.go(logsRoute(environment, { services: [name] })) });
    commands.push({ id: `traces:${name}`, title: `Show traces of ${name}`, detail: status, icon: "traces", run: () => app.router.go(tracesRoute(environment, { services: [name] })) });
    commands.push({ id: `metrics:${name}`, title: `Show metrics of ${name}`, detail: status, icon: "metrics", run: () => app.router.go(metricsRoute(environment, { services: [name] })) });
    commands.push({ id: `details:${name}`, title: `Show details of ${name}`, detail: status, icon: "resources", run: () => app.router.go({ view: "resources", environment, select: name }) });
    return commands;
  });
}
