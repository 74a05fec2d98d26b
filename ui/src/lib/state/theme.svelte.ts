// Light, dark or what the system says; remembered per machine.
import { recall, remember } from "./memory";

export type Theme = "system" | "light" | "dark";
export const THEMES: readonly Theme[] = ["system", "light", "dark"];

export class ThemeChoice {
  current: Theme = $state("system");
  /** Which side of the colours is shown: drawings on a canvas are made anew when it changes. */
  dark = $state(false);
  #system = matchMedia("(prefers-color-scheme: dark)");

  constructor() {
    this.#system.addEventListener("change", () => this.#look());
    this.choose(recall("theme", "system", (value): value is Theme => THEMES.includes(value as Theme)));
  }

  choose(theme: Theme): void {
    this.current = theme;
    remember("theme", theme);
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    this.#look();
  }

  next(): void {
    this.choose(THEMES[(THEMES.indexOf(this.current) + 1) % THEMES.length] ?? "system");
  }

  #look(): void {
    this.dark = this.current === "system" ? this.#system.matches : this.current === "dark";
  }
}
