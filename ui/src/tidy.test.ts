// Rules of this code base that a machine can check.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = new URL(".", import.meta.url).pathname;
const GENERATED = "lib/bindings.ts";
const LONGEST = 400;
const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(ts|svelte|css)$/.test(name) && name !== GENERATED)
  .map((name) => ({ name, text: readFileSync(join(ROOT, name), "utf8") }));
const offenders = (bad: (file: { name: string; text: string }) => boolean): string[] => files.filter(bad).map(({ name }) => name);

describe("every file", () => {
  it("says at its top what it is for", () => {
    expect(offenders(({ text }) => !/^(\/\/|\/\*|<!--) ?\S/.test(text))).toEqual([]);
  });
  it("is short", () => {
    expect(offenders(({ text }) => text.split("\n").length > LONGEST)).toEqual([]);
  });
});

describe("the page", () => {
  it("knows the shell in one folder only", () => {
    expect(offenders(({ name, text }) => !name.startsWith("lib/backend/") && /from "@tauri-apps\//.test(text))).toEqual([]);
  });
  it("shows text from outside as text, never as markup", () => {
    expect(offenders(({ name, text }) => name !== "tidy.test.ts" && /\{@[h]tml|innerHTML/.test(text))).toEqual([]);
  });
  it("loads nothing from elsewhere", () => {
    expect(offenders(({ text }) => /(?:src|href|url\()\s*[=(]?\s*["']https?:/.test(text))).toEqual([]);
  });
  it("uses only colours, sizes of type and layers that have a name", () => {
    const bare = /(?:color|background|border[\w-]*|fill|stroke):[^;{]*#[0-9a-f]{3,8}\b/i;
    const known = ["lib/style/tokens.css", "components/shell/Logo.svelte", "components/shared/Tooltip.svelte"];
    expect(offenders(({ name, text }) => /\.(svelte|css)$/.test(name) && !known.includes(name) && bare.test(text))).toEqual([]);
    const tokens = files.find(({ name }) => name === "lib/style/tokens.css")?.text ?? "";
    const used = new Set(files.flatMap(({ text }) => [...text.matchAll(/var\((--[a-z][\w-]*)\)/g)].map(([, token]) => token as string)));
    const set = files.map(({ text }) => text).join("\n");
    const unknown = [...used].filter((token) => !tokens.includes(`${token}:`) && !set.includes(`style:${token}=`) && !set.includes(`${token}: `));
    expect(unknown).toEqual([]);
  });
});
