// Legibility of the tokens in both themes, after WCAG 2.2: 4.5 for text, 3 for
// large signs and the borders of controls.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
const tokens = new Map([...css.matchAll(/--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)/g)].map(([, name, light, dark]) => [name as string, { light: light as string, dark: dark as string }]));

type Theme = "light" | "dark";

function channels(color: string): number[] {
  return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255);
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channels(color).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(ink: string, paper: string, theme: Theme): number {
  const [one, other] = [ink, paper].map((name) => {
    const token = tokens.get(name);
    if (!token) throw new Error(`There is no colour token --${name}`);
    return luminance(token[theme]);
  }) as [number, number];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

const numbered = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
const colors = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const surfaces = ["canvas", "sunken", "raised", "hover", "selected", "input"];

const pairs: [ink: string, papers: string[], least: number][] = [
  ["text", [...surfaces, "active", "accent-tint", "healthy-tint", "degraded-tint", "unhealthy-tint", "starting-tint", "stopped-tint", "mark"], 4.5],
  ["text-muted", [...surfaces, "active", "unhealthy-tint", "degraded-tint", "accent-tint", "stopped-tint"], 4.5],
  ["text-subtle", [...surfaces, "active", "accent-tint"], 4.5],
  ["text-on-accent", ["accent", "accent-hover"], 4.5],
  ["accent-text", [...surfaces, "accent-tint"], 4.5],
  ...["healthy", "degraded", "unhealthy", "starting", "stopped"].map((status): [string, string[], number] => [status, [...surfaces, `${status}-tint`], 4.5]),
  ...["trace", "debug", "info", "warn", "error", "fatal"].map((level): [string, string[], number] => [`level-${level}`, ["canvas", "hover", "sunken"], 3]),
  ...colors.flatMap((color): [string, string[], number][] => [[`ansi-${color}`, ["canvas", "hover", "selected"], 4.5], [`ansi-bright-${color}`, ["canvas", "hover", "selected"], 4.5]]),
  ...numbered("service", 12).map((name): [string, string[], number] => [name, ["canvas", "hover", "selected", "raised"], 4.5]),
  ["focus", surfaces, 3],
  ["control", ["canvas", "input", "raised"], 3],
];

describe.each(["light", "dark"] as const)("the %s theme", (theme) => {
  it.each(pairs)("%s is legible on %j", (ink, papers, least) => {
    const weak = papers.map((paper) => ({ paper, contrast: Math.round(contrast(ink, paper, theme) * 100) / 100 })).filter((pair) => pair.contrast < least);
    expect(weak).toEqual([]);
  });
});

it("knows every colour token", () => {
  expect(tokens.size).toBeGreaterThan(60);
});
