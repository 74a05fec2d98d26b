// What a person can do to services and environments, with the one key per
// action that marks it as under way.
import type { Annotation, Place, SilenceLength } from "../bindings";
import type { App } from "./app.svelte";

export type ServiceAction = "start" | "stop" | "restart" | "rebuild" | "cancel" | "probe";

export function actOnService(app: App, environment: string, service: string, action: ServiceAction): Promise<boolean> {
  const work = {
    start: () => app.backend.call("service.start", { environment, service, with_dependencies: false }),
    stop: () => app.backend.call("service.stop", { environment, service }),
    restart: () => app.backend.call("service.restart", { environment, service }),
    rebuild: () => app.backend.call("service.rebuild", { environment, service }),
    cancel: () => app.backend.call("service.cancel", { environment, service }),
    probe: () => app.backend.call("service.probe", { environment, service }),
  }[action];
  return app.act(`${service}:${action}`, work);
}

export function startWithDependencies(app: App, environment: string, service: string): Promise<boolean> {
  return app.act(`${service}:start`, () => app.backend.call("service.start", { environment, service, with_dependencies: true }));
}

/** Starts what is not running; also applies a changed definition. */
export function startAll(app: App, environment: string): Promise<boolean> {
  return app.act("up", () => app.backend.call("environment.up", { environment, services: [] }));
}

/** Brings what runs in line with the file; what did not change is left alone. */
export function applyChanges(app: App, environment: string): Promise<boolean> {
  return app.act("apply", () => app.backend.call("environment.apply", { environment }));
}

/** Shows a place of the environment file in the person's editor. `tried` names it where it could not be opened. */
export function openPlace(app: App, from: { environment: string } | { tried: string }, place: Place): void {
  const { environment, tried } = { environment: null, tried: null, ...from };
  void app.act(`open:${place.file}`, () => app.backend.call("file.open", { environment, tried, path: place.file, line: place.line || null }));
}

export function stopAll(app: App, environment: string): Promise<boolean> {
  return app.act("down", () => app.backend.call("environment.down", { environment }));
}

/** Asks the program that holds a port to end, then starts the service that wants it. */
/** Starts a service with another port than the one that its file fixes, until the run ends. */
export function usePort(app: App, environment: string, service: string, port: number, instead: number): Promise<boolean> {
  return app.act(`${service}:restart`, () => app.backend.call("service.use_port", { environment, service, port, instead }));
}

export function freePort(app: App, environment: string, service: string, port: number, pid: number): Promise<boolean> {
  return app.act(`${service}:restart`, async () => {
    await app.backend.call("port.free", { port, pid });
    return app.backend.call("service.restart", { environment, service });
  });
}

/** Raises no alerts for a service, or raises them again. */
export function silence(app: App, environment: string, service: string, length: SilenceLength): Promise<boolean> {
  return app.act(`${service}:silence`, () => app.backend.call("alerts.silence", { environment, service, length }));
}

/** Replaces what was said of a run. */
export function annotate(app: App, run: string, annotation: Annotation): Promise<boolean> {
  return app.act("annotate", () => app.backend.call("runs.annotate", { run, annotation }));
}

/** Begins a scenario; how it goes is told by the topic `scenarios`. */
export function runScenario(app: App, environment: string, scenario: string, vars: Record<string, string> = {}): Promise<boolean> {
  return app.act(`scenario:${scenario}`, () => app.backend.call("scenario.run", { environment, scenario, vars }));
}

/** Ends the scenario that goes on; its cleanup steps still run. */
export function cancelScenario(app: App, environment: string): Promise<boolean> {
  return app.act("scenario:cancel", () => app.backend.call("scenario.cancel", { environment }));
}
