// A run or its telemetry as a file and back, with the keys that mark both as under way.
import { toApiError } from "../backend/backend";
import { tracesRoute } from "../routing/route";
import { exportedRunText, importedRunText, RUN_EXTENSION, runFileName } from "../runs/run-file";
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

const RUN_KIND = { name: "Run of Benchtop", extension: RUN_EXTENSION };

/** Writes a whole run to a file that the person chooses. */
export function exportRun(app: App, environment: string, run: string, started: number): Promise<boolean> {
  return app.act(EXPORTING, () => advised("Choose a folder that can be written to, and try again", async () => {
    const { name = "environment", project_dir = "" } = app.environment?.view ?? {};
    const target = await app.backend.pickTarget({ title: "Export run", folder: project_dir, file: runFileName(name, started), kind: RUN_KIND });
    if (target === null) return;
    const done = await app.backend.call("runs.export", { environment, run, ...target });
    app.toasts.show({ ...exportedRunText(done), actions: [{ label: "Copy path", run: () => void app.copy(done.path, "the path") }] });
  }));
}

/** Makes a run of such a file, and offers to go there. */
export function importRun(app: App, environment: string): Promise<boolean> {
  return app.act(IMPORTING, () => advised("Choose a file that an export of a run has written", async () => {
    const path = await app.backend.pickFile({ title: "Import run", kind: RUN_KIND });
    if (path === null) return;
    const done = await app.backend.call("runs.import", { environment, path });
    app.toasts.show({
      ...importedRunText(done),
      actions: [{ label: "Show run", run: () => app.router.go({ view: "runs", environment, run: done.run.id, base: null }) }],
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
