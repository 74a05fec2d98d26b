// The one door from the page to the engine and the shell. Components and state
// know this interface only; which implementation stands behind it is decided
// once, in main.ts.
import type { ApiError, Event, ExportFormat, LogQuery } from "../bindings";
import type { Methods } from "../bindings";

export type Method = keyof Methods;
export type RequestOf<M extends Method> = Methods[M]["request"];
export type ResponseOf<M extends Method> = Methods[M]["response"];

/** The way to the engine opened or broke. */
export type ConnectionEvent = { type: "connection"; connected: boolean; message: string | null };

/** The shell wants something of the page. */
export type ShellEvent =
  | { type: "quit_requested" }
  | { type: "navigate"; to: string }
  | { type: "wish"; wish: Wish }
  | { type: "dropped"; path: string }
  | { type: "dragging"; over: boolean };

/** What a link wants, and a person must agree to. */
export type Wish =
  | { kind: "open"; path: string }
  | { kind: "all"; start: boolean; environment: string }
  | { kind: "restart"; environment: string; service: string };

export type BackendEvent = Event | ConnectionEvent | ShellEvent;

/** What the page learns before it asks anything. */
export type Startup = {
  /** The environment to show first. */
  environment: string | null;
  /** Version of the program that shows the page. */
  version: string;
  shell: "desktop" | "browser";
};

/** What happens to running services when the program ends. */
export type QuitMode = "stop" | "leave" | "cancel";

/** Which lines become a file, and what it is called at first. */
export type LogExport = { environment: string; query: LogQuery; format: ExportFormat; name: string };

/** Of what kind a file is, as the dialogs of the system say it. */
export type FileKind = { name: string; extension: string };

/** Where something shall be written at first: a file of this name in this folder. */
export type WantedTarget = { title: string; folder: string; file: string; kind: FileKind };

/** A file to write; `overwrite` where the person has agreed that an existing one may go. */
export type Target = { path: string; overwrite: boolean };

/** A file that was written; `cut` where the page could not hold all of it. */
export type Exported = { records: number; path: string; cut: boolean };

export interface Backend {
  /** Asks the engine; rejects with an ApiError. */
  call<M extends Method>(method: M, request: RequestOf<M>): Promise<ResponseOf<M>>;
  /** Hears what nobody asked for, until the returned function is called. */
  subscribe(handler: (event: BackendEvent) => void): () => void;
  /** Lets the person choose a folder; null where they changed their mind. */
  pickFolder(): Promise<string | null>;
  /** Lets the person say where a file shall be written, on the engine's machine; null where they changed their mind. */
  pickTarget(wanted: WantedTarget): Promise<Target | null>;
  /** Lets the person choose a file to read, on the engine's machine; null where they changed their mind. */
  pickFile(wanted: { title: string; kind: FileKind }): Promise<string | null>;
  /** Writes log lines to a file that the person chooses; null where they changed their mind. */
  exportLogs(wanted: LogExport): Promise<Exported | null>;
  /** Opens an http(s) address outside the page. */
  openExternal(url: string): Promise<void>;
  startup(): Promise<Startup>;
  quit(mode: QuitMode): Promise<void>;
  /** Whether the program starts with the person's session; changed where that is asked. Null where there is no program to start. */
  autostart: ((wanted: boolean | null) => Promise<boolean>) | null;
}

/** Whatever was thrown, as an ApiError. */
export function toApiError(thrown: unknown): ApiError {
  if (isApiError(thrown)) return { ...thrown, hint: thrown.hint ?? null, problems: thrown.problems ?? [] };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: "internal", message, hint: null, problems: [] };
}

function isApiError(value: unknown): value is ApiError {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}

/** Whether an address may be handed to the system's browser. */
export function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url);
}
