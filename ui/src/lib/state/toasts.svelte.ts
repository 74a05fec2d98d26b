// Short messages in the corner: failed requests and services that turned worse.
import type { ApiError, Status } from "../bindings";

export type ToastAction = { label: string; run: () => void };
export type Toast = {
  id: number;
  tone: "error" | "info" | Status;
  title: string;
  text: string | null;
  actions: ToastAction[];
};

const MOST = 4;
const LIFETIME = 9_000;

export class Toasts {
  list: Toast[] = $state.raw([]);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  /** Shows a message; the oldest makes room. */
  show(toast: Omit<Toast, "id">, lifetime = LIFETIME): void {
    const same = this.list.find((shown) => shown.title === toast.title && shown.text === toast.text);
    if (same) this.dismiss(same.id);
    const id = this.#next++;
    this.list = [...this.list, { ...toast, id }].slice(-MOST);
    this.#timers.set(id, setTimeout(() => this.dismiss(id), lifetime));
  }

  fail(error: ApiError): void {
    this.show({ tone: "error", title: error.message, text: error.hint, actions: [] });
  }

  say(title: string): void {
    this.show({ tone: "info", title, text: null, actions: [] }, 2_500);
  }

  dismiss(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}
