// What the whole page shares: the door to the engine, the address, the open
// environment, messages and dialogs.
import { createContext } from "svelte";
import { SvelteSet } from "svelte/reactivity";
import type { Backend, BackendEvent, QuitMode, Startup, Wish } from "../backend/backend";
import { toApiError } from "../backend/backend";
import type { AlertNews, ApiError, Environment, FolderReport } from "../bindings";
import { lasted } from "../alerts/alerts";
import { sentence } from "../format/sentence";
import { Router } from "../routing/router.svelte";
import { writeClipboard } from "./clipboard";
import { EnvironmentStore } from "./environment.svelte";
import { ThemeChoice } from "./theme.svelte";
import { Toasts } from "./toasts.svelte";
import { askForUpdates } from "./updates";
import { logsRoute } from "../routing/route";

export type Dialog = "palette" | "shortcuts" | "quit" | "stop-all" | "changes" | "report" | "wish";

export class App {
  readonly backend: Backend;
  readonly router = new Router();
  readonly toasts = new Toasts();
  readonly theme = new ThemeChoice();

  startup: Startup | null = $state.raw(null);
  environments: Environment[] | null = $state.raw(null);
  environment: EnvironmentStore | null = $state.raw(null);
  dialog: Dialog | null = $state(null);
  connected = $state(true);
  /** The engine has answered at least once. */
  reached = $state(false);
  connectionMessage: string | null = $state(null);
  /** Why the last attempt to open an environment failed. */
  openFailure: ApiError | null = $state.raw(null);
  /** The folder or file of that attempt; null for the sample. */
  tried: string | null = $state.raw(null);
  /** A folder in which there is a choice to make: several files, or one to import. */
  folder: FolderReport | null = $state.raw(null);
  /** What a link wants, while the person is asked. */
  wish: Wish | null = $state.raw(null);
  /** Something is being dragged over the window. */
  dragging = $state(false);
  /** Requests under way, by the key that was given to act(). */
  readonly pending = new SvelteSet<string>();

  constructor(backend: Backend) {
    this.backend = backend;
  }

  /** Connects; the first address comes from the shell where the page has none. */
  async begin(): Promise<void> {
    this.backend.subscribe((event) => this.#hear(event));
    void this.loadEnvironments();
    await this.#start();
    void askForUpdates(this);
  }

  async #start(): Promise<void> {
    try {
      this.startup = await this.backend.startup();
      this.reached = true;
      if (this.startup.environment && this.router.current.view === "start")
        this.router.go({ view: "resources", environment: this.startup.environment, select: null });
    } catch (thrown) {
      this.connected = false;
      this.connectionMessage = toApiError(thrown).message;
    }
  }

  async loadEnvironments(): Promise<void> {
    try {
      this.environments = await this.backend.call("environment.list", {});
    } catch {
      // The connection banner says so; the list stays as it was.
    }
  }

  /** Makes this environment the open one; null closes. */
  follow(id: string | null): void {
    if (this.environment?.id === id) return;
    this.environment?.dispose();
    this.environment = id === null ? null : new EnvironmentStore(this.backend, id, () => this.#reopen(id));
    if (!this.connected) this.environment?.connectionChanged(false);
  }

  /** Opens a folder or file, the sample where there is no path, and goes there. */
  async open(path: string | null): Promise<void> {
    this.openFailure = null;
    this.tried = path;
    this.pending.add("open");
    try {
      const opened = await this.backend.call("environment.open", { path, profiles: [], variables: {} });
      await this.loadEnvironments();
      this.folder = null;
      this.router.go({ view: "resources", environment: opened.id, select: null });
    } catch (thrown) {
      const error = toApiError(thrown);
      if (this.router.current.view === "start") this.openFailure = error;
      else this.toasts.fail(error);
    } finally {
      this.pending.delete("open");
    }
  }

  /** Lets the person choose a folder. What is in it is opened where that is one thing. */
  async openFolder(): Promise<void> {
    const path = await this.backend.pickFolder();
    if (path !== null) await this.openFound(path);
  }

  /** Opens a folder that was chosen or dropped, or a file; lets the person choose where there is more than one thing in it. */
  async openFound(path: string): Promise<void> {
    this.folder = null;
    const found = await this.backend.call("folder.inspect", { path }).catch(() => null);
    if (found === null || (found.files.length === 1 && found.files[0]?.kind !== "aspire")) return await this.open(path);
    this.openFailure = null;
    this.folder = found;
    this.router.go({ view: "start" });
  }

  /** Does something that may fail, once at a time per key, and says so if it fails. */
  async act(key: string, work: () => Promise<unknown>): Promise<boolean> {
    if (this.pending.has(key)) return false;
    this.pending.add(key);
    try {
      await work();
      return true;
    } catch (thrown) {
      this.toasts.fail(toApiError(thrown));
      return false;
    } finally {
      this.pending.delete(key);
    }
  }

  openExternal(url: string): void {
    void this.act(`open:${url}`, () => this.backend.openExternal(url));
  }

  async copy(text: string, what: string): Promise<void> {
    try {
      await writeClipboard(text);
      this.toasts.say(`Copied ${what}`);
    } catch {
      this.toasts.show({ tone: "error", title: "The clipboard is not available", text: null, actions: [] });
    }
  }

  async quit(mode: QuitMode): Promise<void> {
    this.dialog = null;
    await this.act("quit", () => this.backend.quit(mode));
  }

  async #reopen(id: string): Promise<void> {
    const list = await this.backend.call("environment.list", {});
    const known = list.find((environment) => environment.id === id);
    if (!known) throw { code: "not_found", message: "This environment is not known here", hint: "Open its folder from the start page", problems: [] } satisfies ApiError;
    await this.backend.call("environment.open", { path: known.sample ? null : known.file, profiles: [], variables: {} });
    this.environments = await this.backend.call("environment.list", {});
  }

  #hear(event: BackendEvent): void {
    switch (event.type) {
      case "connection":
        this.connected = event.connected;
        this.connectionMessage = event.message;
        this.environment?.connectionChanged(event.connected);
        if (event.connected) {
          this.reached = true;
          void this.loadEnvironments();
          if (this.startup === null) void this.#start();
        }
        break;
      case "environments": void this.loadEnvironments(); break;
      case "alert": this.#alert(event); break;
      case "quit_requested": this.dialog = "quit"; break;
      case "navigate": this.router.open(event.to); break;
      case "wish":
        this.wish = event.wish;
        this.dialog = "wish";
        break;
      case "dragging": this.dragging = event.over; break;
      case "dropped": void this.openFound(event.path); break;
      case "changed": break;
    }
  }

  #alert({ environment, name, news, alert, silenced }: AlertNews): void {
    if (silenced || news === "withdrawn") return;
    const { service } = alert;
    const recovered = news === "closed";
    // One that was stopped is no news for who stopped it.
    if (recovered && alert.ending !== "recovered") return;
    const elsewhere = environment === this.environment?.id ? "" : `${name}: `;
    const affected = alert.affected.length ? `. Affects ${alert.affected.join(", ")}` : "";
    this.toasts.show({
      tone: recovered ? "Healthy" : alert.status,
      title: `${elsewhere}${recovered ? `${service} is Healthy again` : `${service} is ${alert.status}`}`,
      text: recovered ? `It ${lasted(alert, Date.now())}` : `${sentence(alert.cause)}${affected}`,
      actions: recovered ? [] : [
        { label: "Show logs", run: () => this.router.go(logsRoute(environment, { services: [service] })) },
        { label: "Restart", run: () => void this.act(`${service}:restart`, () => this.backend.call("service.restart", { environment, service })) },
      ],
    }, recovered ? 5_000 : undefined);
  }
}

export const [getApp, setApp] = createContext<App>();
