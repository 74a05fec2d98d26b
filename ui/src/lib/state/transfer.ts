// A run's telemetry as a file and back, with the keys that mark both as under way.
import { toApiError } from "../backend/backend";
import { tracesRoute } from "../routing/route";
import { EXTENSION, exportedText, importedText, telemetryName } from "../telemetry/transfer";
import type { App } from "./app.svelte";

export const EXPORTING = "telemetry:export";
export const IMPORTING = "telemetry:import";

const KIND = { name: "OTLP JSON lines", extension: EXTENSION };

/** Writes the telemetry of a run to a file that the person chooses; null: the present run, or the newest that is kept. */
export function exportTelemetry(app: App, environment: string, run: string | null, started: number): Promise<boolean> {
  return app.act(EXPORTING, () => advised("Choose a folder that can be written to, and try again", async () => {
    const { name = "environment", project_dir = "" } = app.environment?.view ?? {};
    const target = await app.backend.pickTarget({ title: "Export telemetry", folder: project_dir, file: telemetryName(name, started), kind: KIND });
    if (target === null) return;
    const done = await app.backend.call("telemetry.export", { environment, run, ...target });
    app.toasts.show({ ...exportedText(done), actions: [{ label: "Copy path", run: () => void app.copy(done.path, "the path") }] });
  }));
}

/** Makes a run of a file that the person chooses, and offers to go there. */
export function importTelemetry(app: App, environment: string): Promise<boolean> {
  return app.act(IMPORTING, () => advised("Choose a file that an export of telemetry has written", async () => {
    const path = await app.backend.pickFile({ title: "Import telemetry", kind: KIND });
    if (path === null) return;
    const done = await app.backend.call("telemetry.import", { environment, path });
    app.toasts.show({
      ...importedText(done),
      actions: [
        { label: "Show traces", run: () => app.router.go(tracesRoute(environment, { run: done.run })) },
        { label: "Show run", run: () => app.router.go({ view: "runs", environment, run: done.run, base: null }) },
      ],
    });
  }));
}

/** An error without advice gets this one. */
async function advised(hint: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    const error = toApiError(thrown);
    throw { ...error, hint: error.hint ?? hint };
  }
}
