// Colour tokens for drawings on a canvas, which knows no variables of the style.

let probe: HTMLElement | null = null;

/** What a token such as `--accent`, or another colour of the style, is at this moment. */
export function inkOf(color: string): string {
  if (!probe) {
    probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = color.startsWith("--") ? `var(${color})` : color;
  return getComputedStyle(probe).color;
}

/** The inks of some tokens by name. */
export function inksOf<T extends string>(...tokens: T[]): Record<T, string> {
  return Object.fromEntries(tokens.map((token) => [token, inkOf(`--${token}`)])) as Record<T, string>;
}

/** Sizes a canvas for the pixels of the screen and clears it. */
export function prepareCanvas(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const ratio = Math.max(1, devicePixelRatio || 1);
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const context = canvas.getContext("2d");
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
