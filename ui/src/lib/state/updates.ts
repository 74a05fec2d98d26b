/** The question for a newer release that a window asks when it opens, where that is wanted. */
import type { App } from "./app.svelte";

/** What cannot be learned now is no trouble of whoever opened a window: it says nothing. */
export async function askForUpdates(app: App): Promise<void> {
  try {
    const { automatic, address } = await app.backend.call("updates.status", {});
    if (!automatic || address === null) return;
    const { newer } = await app.backend.call("updates.check", {});
    if (!newer) return;
    app.toasts.show({
      tone: "info",
      title: `Benchtop ${newer.version} is there`,
      text: "It is not installed by itself.",
      actions: [{ label: "Read about it", run: () => void app.backend.openExternal(newer.page) }],
    });
  } catch {
    // The settings say why, where somebody asks.
  }
}
