// The browser: HTTP for questions, one WebSocket for events. Used by
// `benchtop serve`; the session lies in a same-origin cookie.
import type { ApiError, EngineInfo } from "../bindings";
import { collect } from "../logs/export";
import { inFolder } from "../format/file-name";
import { isWebAddress, toApiError, type Backend, type BackendEvent, type Exported, type LogExport } from "./backend";

const RECONNECT_FIRST = 250;
const RECONNECT_LAST = 5_000;

/** How long to wait before the next attempt to reconnect. */
export function reconnectDelay(attempt: number): number {
  return Math.min(RECONNECT_LAST, RECONNECT_FIRST * 2 ** attempt);
}

/** Collects the lines page by page and hands them to the browser as a download. */
export async function downloadLogs(call: Backend["call"], { environment, query, format, name }: LogExport): Promise<Exported> {
  const { parts, records, cut } = await collect((page) => call("logs.query", { environment, query: page }), query, format);
  const address = URL.createObjectURL(new Blob(parts, { type: format === "text" ? "text/plain" : "application/x-ndjson" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken what it needs by the end of this turn.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  return { records, path: name, cut };
}

export function webBackend(): Backend {
  const handlers = new Set<(event: BackendEvent) => void>();
  let socket: WebSocket | null = null;
  let attempt = 0;

  const tell = (event: BackendEvent): void => {
    for (const handler of handlers) handler(event);
  };

  function connect(): void {
    if (socket || handlers.size === 0) return;
    const address = new URL("/v1/events", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(address);
    socket.onopen = () => {
      attempt = 0;
      tell({ type: "connection", connected: true, message: null });
    };
    socket.onmessage = (message) => tell(JSON.parse(String(message.data)) as BackendEvent);
    socket.onclose = () => {
      socket = null;
      tell({ type: "connection", connected: false, message: "The engine does not answer" });
      setTimeout(connect, reconnectDelay(attempt++));
    };
  }

  async function call(method: string, request: unknown): Promise<never> {
    let response: Response;
    try {
      response = await fetch(`/v1/${method}`, {
        method: "POST",
        credentials: "same-origin",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(request),
      });
    } catch {
      throw { code: "unavailable", message: "The engine does not answer", hint: "Check that `benchtop serve` is still running", problems: [] } satisfies ApiError;
    }
    const body: unknown = await response.json().catch(() => null);
    if (!response.ok) throw toApiError(body ?? new Error(`The engine answered with status ${response.status}`));
    return body as never;
  }

  return {
    call,
    subscribe(handler) {
      handlers.add(handler);
      connect();
      return () => handlers.delete(handler);
    },
    async pickFolder() {
      return prompt("Absolute path of the project folder")?.trim() || null;
    },
    async pickTarget({ title, folder, file }) {
      // Nobody has asked whether an existing file may go.
      const path = prompt(`${title}: absolute path of the file on the machine of the engine`, folder === "" ? file : inFolder(folder, file))?.trim();
      return path ? { path, overwrite: false } : null;
    },
    async pickFile({ title }) {
      return prompt(`${title}: absolute path of the file on the machine of the engine`)?.trim() || null;
    },
    exportLogs: (wanted) => downloadLogs(call, wanted),
    async openExternal(url) {
      if (isWebAddress(url)) window.open(url, "_blank", "noopener,noreferrer");
    },
    async startup() {
      const info: EngineInfo = await call("engine.info", {});
      return { environment: null, version: info.version, shell: "browser" };
    },
    async quit() {},
    autostart: null,
  };
}
