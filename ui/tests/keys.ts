// Walks a page by keys alone, and says what of it only a mouse can do. What reacts to a
// mouse is not listed by hand: it is every control of HTML, every element with a role
// of one, and every element that has a listener for a click or a press.
import type { Page } from "playwright-core";

/** More than any page has; a walk that finds no end stops here. */
const MOST_STOPS = 220;

/** What the walk leaves behind in the page. */
type Walk = {
  /** Begins anew with what is there now. */
  begin: () => number;
  /** What is wrong with the walk so far; empty where all is well. */
  faults: () => string[];
  /** Clicks that keys have caused, and are kept from doing anything. */
  clicks: number;
  /** How the element with the focus is worked, and whether Tab met it before. */
  here: (byTab: boolean) => { kind: "press" | "toggle" | "choose" | "walk" | "step" | "none"; met: boolean; value: string };
  intercept: boolean;
};
declare global {
  interface Window { walk?: Walk }
}

/** Runs in the page: what the walk is measured by. */
function install(): void {
  if (window.walk) return;
  const PRESSES = ["click", "pointerdown", "mousedown", "dblclick"];
  const ROLES = "button, a[href], input, select, textarea, summary, [role=button], [role=link], [role=menuitem], [role=menuitemcheckbox], [role=option], [role=treeitem], [role=slider], [role=separator][tabindex], [role=tab], [role=switch], [role=checkbox]";
  // Its own keys walk what is in it; one stop of Tab stands for all.
  const COMPOSITES = "[role=grid], [role=listbox], [role=tree], [role=log], [role=menu], [role=application], [role=slider], [role=radiogroup]";
  const LOOK = ["outlineStyle", "outlineWidth", "outlineColor", "boxShadow", "backgroundColor", "borderTopColor", "textDecorationLine"] as const;
  let before = new Map<Element, string>();
  let wanted: HTMLElement[] = [];
  const reached = new Set<Element>();
  const tabbed = new Set<Element>();
  const faults = new Map<string, string>();

  const listens = (element: Element): boolean => {
    // Where Svelte keeps the listeners that it calls from the root.
    const symbol = Object.getOwnPropertySymbols(element).find(({ description }) => description === "events");
    const kept = symbol ? Object.keys((element as unknown as Record<symbol, object>)[symbol] ?? {}) : [];
    return PRESSES.some((press) => kept.includes(press) || (element as unknown as Record<string, unknown>)[`on${press}`]);
  };
  const scope = (): Element => [...document.querySelectorAll("dialog:modal")].at(-1) ?? document.body;
  const seen = (element: HTMLElement): boolean => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
  const text = (element: Element): string => element.outerHTML.replace(/\s+/g, " ").slice(0, 140);
  const usable = (element: HTMLElement): boolean => seen(element) && !element.matches(":disabled, [aria-disabled=true]") && !element.closest("[inert]");

  /** What a person sees of it: its own look, and that of the frame around a field. */
  const look = (element: Element): string =>
    [element, element.parentElement, element.parentElement?.parentElement]
      .map((part) => { const style = part ? getComputedStyle(part) : null; return style ? LOOK.map((key) => style[key]).join(" ") : ""; })
      .join("|");

  const nameOf = (element: HTMLElement): string => {
    const by = element.getAttribute("aria-labelledby")?.split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
    const labels = "labels" in element ? [...((element as HTMLInputElement).labels ?? [])].map((label) => label.textContent).join(" ") : "";
    return [element.getAttribute("aria-label"), by, labels, element.textContent, element.title, element.querySelector("[aria-label]")?.getAttribute("aria-label")].find((name) => name?.trim())?.trim() ?? "";
  };

  function begin(): number {
    const root = scope();
    for (const kept of [reached, tabbed, faults]) kept.clear();
    wanted = [...root.querySelectorAll<HTMLElement>("*")].filter((element) => (element.matches(ROLES) || listens(element)) && usable(element) && element.tagName !== "DIALOG");
    // Tab begins where the focus was last: at the top.
    const top = root as HTMLElement;
    const own = top.getAttribute("tabindex");
    top.tabIndex = -1;
    top.focus();
    if (own === null) top.removeAttribute("tabindex");
    before = new Map(wanted.map((element) => [element, look(element)]));
    return wanted.length;
  }

  document.addEventListener("focusin", ({ target }) => {
    if (!(target instanceof HTMLElement)) return;
    reached.add(target);
    // A row that has the focus lets Tab into what stands in it.
    const row = target.closest("[role=row]");
    requestAnimationFrame(() => row?.querySelectorAll<HTMLElement>("button, a[href]").forEach((inner) => inner.tabIndex >= 0 && reached.add(inner)));
    const plain = before.get(target);
    // In a field that is written in, the caret is what shows it.
    const caret = target.matches("input:not([type=checkbox], [type=radio], [type=range]), textarea");
    if (plain !== undefined && !caret && look(target) === plain) faults.set(`ring ${text(target)}`, `shows no focus: ${text(target)}`);
  });
  // Keys press, but nothing comes of it: the page stays as it is until all is walked.
  window.addEventListener("click", (event) => {
    if (!window.walk?.intercept) return;
    window.walk.clicks += 1;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  /** Whether keys come to it: by Tab, or within what has keys of its own. */
  function comesTo(element: HTMLElement): boolean {
    if (reached.has(element) || !element.isConnected || !usable(element)) return true;
    const radio = element.matches("input[type=radio]") ? (element as HTMLInputElement).name : "";
    if (radio) return [...reached].some((other) => other instanceof HTMLInputElement && other.name === radio);
    // What is larger than a control and merely listens for those in it, as a menu does.
    if (!element.matches(ROLES) && [...reached].some((inner) => element.contains(inner))) return true;
    if (element.matches("label")) return true;
    // The list of a field that is written in is walked by the arrows of the field.
    const list = element.closest("[role=listbox][id]");
    if (list && [...reached].some((field) => field.getAttribute("aria-controls") === list.id)) return true;
    const whole = element.parentElement?.closest<HTMLElement>(COMPOSITES);
    if (!whole) return false;
    // Walking such a table shows another row beside it: that is for views without one.
    if (whole.matches("[role=grid]") && whole.querySelector("[aria-selected=true]")) return [...reached].some((row) => whole.contains(row));
    if (whole.matches("[role=grid]")) return [...reached].some((row) => row.matches("[role=row]") && row.contains(element));
    return element.matches(":not(button, a[href], input)") && reached.has(whole);
  }

  window.walk = {
    clicks: 0, intercept: false, begin,
    faults: () => {
      for (const element of wanted) {
        if (!comesTo(element)) faults.set(`reach ${text(element)}`, `no key comes to it: ${text(element)}`);
        if (element.isConnected && element.matches(ROLES) && !element.closest("[aria-hidden=true]") && !nameOf(element)) faults.set(`name ${text(element)}`, `has no name: ${text(element)}`);
      }
      return [...faults.values()];
    },
    here: (byTab) => {
      const element = document.activeElement as HTMLElement | null;
      if (!element || element === document.body) return { kind: "none", met: false, value: "" };
      const met = tabbed.has(element);
      if (byTab) tabbed.add(element);
      const kind = element.matches("button, summary, [role=button]") ? "press"
        : element.matches("a[href], input[type=checkbox]") ? "toggle"
        : element.matches("input[type=radio]") ? "choose"
        : element.matches("[role=slider], [role=separator]") && Number(element.ariaValueMax) > Number(element.ariaValueMin) ? "step"
        : element.matches("[role=grid]:not(:has([aria-selected=true])) [role=row], [role=listbox], [role=tree], [role=combobox][aria-activedescendant], [role=log]:has([data-seq])") ? "walk" : "none";
      const values = ["aria-valuenow", "aria-valuetext", "aria-activedescendant", "aria-valuemax", "data-service"].map((name) => element.getAttribute(name));
      return { kind, met, value: `${text(element)} ${values.join(" ")} ${element.querySelector<HTMLElement>(".selected")?.dataset.seq ?? ""}` };
    },
  };
}

type Here = ReturnType<Walk["here"]>;
const here = (page: Page): Promise<Here> => page.evaluate(() => window.walk!.here(true));
const clicks = (page: Page): Promise<number> => page.evaluate(() => window.walk!.clicks);

/** Presses keys on what has the focus until its value is another; whether it became so. */
async function steps(page: Page, from: Here, keys: string[]): Promise<boolean> {
  for (const key of keys) {
    await page.keyboard.press(key);
    const now = await page.evaluate(async () => { await new Promise(requestAnimationFrame); return window.walk!.here(false); });
    if (now.value !== from.value) return true;
  }
  return false;
}

/** Works what has the focus by its keys. Says what is wrong with that. */
async function work(page: Page, at: Here): Promise<string[]> {
  if (at.kind === "press" || at.kind === "toggle") {
    const keys = at.kind === "press" ? ["Enter", "Space"] : at.value.includes("<a") ? ["Enter"] : ["Space"];
    const from = await clicks(page);
    for (const key of keys) await page.keyboard.press(key);
    return (await clicks(page)) - from === keys.length ? [] : [`${keys.join(" and ")} pressed it ${(await clicks(page)) - from} times: ${at.value}`];
  }
  if (at.kind === "choose") {
    const from = await clicks(page);
    for (const key of ["ArrowDown", "ArrowUp"]) await page.keyboard.press(key);
    return (await clicks(page)) > from ? [] : [`no arrow chooses another: ${at.value}`];
  }
  if (at.kind === "step") return (await steps(page, at, ["ArrowRight", "ArrowLeft", "ArrowUp"])) ? [] : [`no arrow moves it: ${at.value}`];
  if (at.kind === "walk") return (await steps(page, at, ["ArrowDown", "ArrowUp"])) ? [] : [`no arrow walks it: ${at.value}`];
  return [];
}

/**
 * Goes through the page by Tab, and through its tables by arrows; presses each control
 * by its keys. Says what cannot be reached, shows no focus, has no name, or does not
 * react; nothing where all is well.
 */
export async function walk(page: Page): Promise<string[]> {
  await page.evaluate(install);
  await page.mouse.move(0, 0);
  if (await page.locator("[role=menu]").count()) await page.keyboard.press("Escape");
  const count = await page.evaluate(() => { window.walk!.intercept = true; return window.walk!.begin(); });
  const faults: string[] = [];
  let stops = 0;
  for (; stops < MOST_STOPS; stops++) {
    await page.keyboard.press("Tab");
    const at = await here(page);
    // Past the last the focus is nowhere, or at the first again.
    if (at.value === "" || (at.met && at.kind !== "walk")) break;
    if (at.met) continue;
    faults.push(...(await work(page, at)));
    if (at.kind === "walk" && at.value.includes('role="row"')) await rows(page);
  }
  faults.push(...(await page.evaluate(() => { window.walk!.intercept = false; return window.walk!.faults(); })));
  if (stops >= MOST_STOPS) faults.push(`Tab finds no end after ${stops} stops`);
  if (count === 0) faults.push("nothing reacts to a mouse: is it the page?");
  return faults;
}

/** Every row of a table, and back to the first. */
async function rows(page: Page): Promise<void> {
  const count = await page.locator("[role=grid] [role=row][tabindex]").count();
  for (let index = 0; index < count; index++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Home");
}

/**
 * Opens every menu of the page by Enter, walks it by arrows, and closes it by Escape,
 * which gives the focus back. A menu whose name is in `known` is left out; the others
 * are added to it.
 */
export async function menus(page: Page, known: Set<string>): Promise<string[]> {
  const faults: string[] = [];
  if (await page.locator("dialog:modal").count()) return faults;
  for (const button of await page.locator("[aria-haspopup=menu]:visible:enabled").all()) {
    const name = await button.evaluate((element) => element.getAttribute("aria-label") ?? element.getAttribute("data-testid") ?? element.textContent?.trim() ?? "");
    const kind = name.replace(/^(Silence|More of) .*/, "$1");
    if (known.has(kind)) continue;
    known.add(kind);
    await button.focus();
    await page.keyboard.press("Enter");
    const menu = page.locator("[role=menu]");
    await menu.waitFor();
    const lost = await walkMenu(page);
    faults.push(...lost.map((item) => `no arrow comes to it in the menu “${name}”, or it shows no focus: ${item}`));
    await page.keyboard.press("Escape");
    await menu.waitFor({ state: "detached" });
    if (!(await button.evaluate((element) => element === document.activeElement))) faults.push(`Escape does not give the focus back to “${name}”`);
  }
  return faults;
}

async function walkMenu(page: Page): Promise<string[]> {
  const items = page.locator("[role=menu] :is([role^=menuitem]:enabled, input)");
  const plain = await items.evaluateAll((all) => all.map((item) => { const style = getComputedStyle(item); return [style.outlineStyle, style.backgroundColor, style.borderTopColor].join(" "); }));
  const reached = new Set<number>();
  for (let step = 0; step <= plain.length; step++) {
    const at = await items.evaluateAll((all) => { const index = all.indexOf(document.activeElement as HTMLElement); const style = index < 0 ? null : getComputedStyle(all[index]!); return { index, look: style ? [style.outlineStyle, style.backgroundColor, style.borderTopColor].join(" ") : "" }; });
    // What is in the focus when the menu opens has no look without it to compare with.
    if (at.index >= 0 && (step === 0 || at.look !== plain[at.index])) reached.add(at.index);
    await page.keyboard.press("ArrowDown");
  }
  const texts = await items.allInnerTexts();
  return texts.filter((_, index) => !reached.has(index));
}
