// The desktop: one command and one channel into the shell, which forwards them
// to the engine. Only this folder imports @tauri-apps.
import { Channel, invoke } from "@tauri-apps/api/core";
import { open, save } from "@tauri-apps/plugin-dialog";
import { openUrl } from "@tauri-apps/plugin-opener";
import { inFolder } from "../format/file-name";
import { isWebAddress, toApiError, type Backend, type BackendEvent, type Startup } from "./backend";

export function tauriBackend(): Backend {
  const handlers = new Set<(event: BackendEvent) => void>();
  let subscribed = false;

  function openChannel(): void {
    if (subscribed) return;
    subscribed = true;
    const channel = new Channel<BackendEvent | string>();
    channel.onmessage = (message) => {
      const event = typeof message === "string" ? (JSON.parse(message) as BackendEvent) : message;
      for (const handler of handlers) handler(event);
    };
    invoke("subscribe", { channel }).catch((thrown: unknown) => {
      subscribed = false;
      const lost: BackendEvent = { type: "connection", connected: false, message: toApiError(thrown).message };
      for (const handler of handlers) handler(lost);
    });
  }

  const call: Backend["call"] = async (method, request) => {
    try {
      return await invoke("call", { method, request });
    } catch (thrown) {
      throw toApiError(thrown);
    }
  };

  return {
    call,
    subscribe(handler) {
      handlers.add(handler);
      openChannel();
      return () => handlers.delete(handler);
    },
    async pickFolder() {
      return await open({ directory: true, multiple: false, title: "Open a project folder" });
    },
    async pickTarget({ title, folder, file, kind }) {
      const path = await save({ title, defaultPath: folder === "" ? file : inFolder(folder, file), filters: [{ name: kind.name, extensions: [kind.extension] }] });
      // The dialog has asked whether an existing file may go.
      return path === null ? null : { path, overwrite: true };
    },
    async pickFile({ title, kind }) {
      return await open({ title, directory: false, multiple: false, filters: [{ name: kind.name, extensions: [kind.extension] }, { name: "All files", extensions: ["*"] }] });
    },
    async exportLogs({ environment, query, format, name }) {
      const extension = name.split(".").at(-1) ?? "txt";
      const path = await save({ title: "Export log lines", defaultPath: name, filters: [{ name: format === "text" ? "Text" : "NDJSON", extensions: [extension] }] });
      if (path === null) return null;
      // The dialog has asked whether an existing file may go.
      const { records, path: written } = await call("logs.export", { environment, query, format, path, overwrite: true });
      return { records, path: written, cut: false };
    },
    async openExternal(url) {
      if (isWebAddress(url)) await openUrl(url);
    },
    async startup() {
      const answer = await invoke<Omit<Startup, "shell">>("startup");
      return { ...answer, shell: "desktop" };
    },
    async quit(mode) {
      await invoke("quit", { mode });
    },
    async autostart(wanted) {
      return await invoke<boolean>("autostart", { wanted });
    },
  };
}
