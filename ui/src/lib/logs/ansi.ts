// Terminal colours. SGR sequences become styles, every other escape is dropped;
// colours of 256 and 16 million map to the nearest of the sixteen tokens, which
// are legible in both themes.

/** A stretch of text in one style. Colours are numbers 0 to 15. */
export type Span = {
  text: string;
  color: number | null;
  background: number | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  strike: boolean;
};

type Style = Omit<Span, "text"> & { inverse: boolean };

const PLAIN: Style = { color: null, background: null, bold: false, dim: false, italic: false, underline: false, strike: false, inverse: false };

// CSI …, OSC … (ended by BEL or ST), other string sequences, two-byte escapes, stray controls.
// eslint-disable-next-line no-control-regex
const ESCAPE = /\u001b\[([0-9;:]*)m|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\|$)|\u001b[PX^_][^\u001b]*(?:\u001b\\|$)|\u001b[ -/]*[0-~]?|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g;

/** The text without any escape. */
export function stripAnsi(text: string): string {
  return hasEscapes(text) ? text.replace(ESCAPE, "") : text;
}

/** The text as stretches of equal style; neighbours differ. */
export function parseAnsi(text: string): Span[] {
  if (!hasEscapes(text)) return text === "" ? [] : [spanOf(text, PLAIN)];
  const spans: Span[] = [];
  let style = PLAIN;
  let from = 0;
  const push = (part: string): void => {
    if (part === "") return;
    const span = spanOf(part, style);
    const last = spans.at(-1);
    if (last && sameStyle(last, span)) last.text += part;
    else spans.push(span);
  };
  for (const match of text.matchAll(ESCAPE)) {
    push(text.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[1] !== undefined) style = applySgr(style, match[1]);
  }
  push(text.slice(from));
  return spans;
}

function hasEscapes(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if ((code < 32 && code !== 9 && code !== 10) || code === 127 || code === 0x9b) return true;
  }
  return false;
}

function spanOf(text: string, { inverse, ...style }: Style): Span {
  if (!inverse) return { text, ...style };
  return { text, ...style, color: style.background ?? 0, background: style.color ?? 7 };
}

function sameStyle(one: Span, other: Span): boolean {
  return one.color === other.color && one.background === other.background && one.bold === other.bold && one.dim === other.dim
    && one.italic === other.italic && one.underline === other.underline && one.strike === other.strike;
}

function applySgr(before: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map((code) => (code === "" ? 0 : Number(code)));
  let style = { ...before };
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0;
    if (code === 38 || code === 48) {
      const { color, used } = extendedColor(codes.slice(index + 1));
      if (code === 38) style.color = color;
      else style.background = color;
      index += used;
    } else style = applyCode(style, code);
  }
  return style;
}

function applyCode(style: Style, code: number): Style {
  if (code >= 30 && code <= 37) return { ...style, color: code - 30 };
  if (code >= 40 && code <= 47) return { ...style, background: code - 40 };
  if (code >= 90 && code <= 97) return { ...style, color: code - 82 };
  if (code >= 100 && code <= 107) return { ...style, background: code - 92 };
  switch (code) {
    case 0: return PLAIN;
    case 1: return { ...style, bold: true };
    case 2: return { ...style, dim: true };
    case 3: return { ...style, italic: true };
    case 4: case 21: return { ...style, underline: true };
    case 7: return { ...style, inverse: true };
    case 9: return { ...style, strike: true };
    case 22: return { ...style, bold: false, dim: false };
    case 23: return { ...style, italic: false };
    case 24: return { ...style, underline: false };
    case 27: return { ...style, inverse: false };
    case 29: return { ...style, strike: false };
    case 39: return { ...style, color: null };
    case 49: return { ...style, background: null };
    default: return style;
  }
}

function extendedColor(rest: readonly number[]): { color: number | null; used: number } {
  if (rest[0] === 5) return { color: nearestOf256(rest[1] ?? 0), used: 2 };
  if (rest[0] === 2) return { color: nearestOf16(rest[1] ?? 0, rest[2] ?? 0, rest[3] ?? 0), used: 4 };
  return { color: null, used: 1 };
}

function nearestOf256(index: number): number {
  if (index < 16) return Math.max(0, index);
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return nearestOf16(grey, grey, grey);
  }
  const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40);
  const cube = index - 16;
  return nearestOf16(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

/** By hue, and by lightness for greys: red stays red in either theme. */
function nearestOf16(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  const bright = most > 200 ? 8 : 0;
  if (most - least < 32) return most < 64 ? 0 : most < 150 ? 8 : most < 220 ? 7 : 15;
  const middle = (most + least) / 2;
  const bits = (red > middle ? 1 : 0) | (green > middle ? 2 : 0) | (blue > middle ? 4 : 0);
  return bits + (least > 90 ? 8 : bright && least > 60 ? 8 : 0);
}
