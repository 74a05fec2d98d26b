// Which rows of a long list are drawn. Heights are known without measuring: one
// line each, or, where long lines are wrapped, as many as the letters need.

export type Slice = { start: number; end: number; top: number; total: number };

const OVERSCAN = 12;

/** Rows of equal height. */
export function fixedSlice(count: number, height: number, scrollTop: number, viewport: number): Slice {
  const start = clamp(Math.floor(scrollTop / height) - OVERSCAN, count);
  const end = clamp(Math.ceil((scrollTop + viewport) / height) + OVERSCAN, count);
  return { start, end, top: start * height, total: count * height };
}

/** Where each row begins; one more entry for the end of the last. */
export function offsetsOf(lines: readonly number[], height: number): Float64Array {
  const offsets = new Float64Array(lines.length + 1);
  for (let index = 0; index < lines.length; index++) offsets[index + 1] = (offsets[index] as number) + (lines[index] as number) * height;
  return offsets;
}

/** Rows of differing heights. */
export function variableSlice(offsets: Float64Array, scrollTop: number, viewport: number): Slice {
  const count = offsets.length - 1;
  const start = clamp(rowAt(offsets, scrollTop) - OVERSCAN, count);
  const end = clamp(rowAt(offsets, scrollTop + viewport) + 1 + OVERSCAN, count);
  return { start, end, top: offsets[start] as number, total: offsets[count] as number };
}

/** The row that covers a distance from the top. */
export function rowAt(offsets: Float64Array, distance: number): number {
  let low = 0;
  let high = offsets.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((offsets[middle] as number) <= distance) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

/** How many lines a text takes in so many columns. Wide letters count twice. */
export function wrappedLines(text: string, columns: number): number {
  if (columns < 1) return 1;
  let lines = 0;
  for (const part of text.split("\n")) lines += Math.max(1, Math.ceil(widthOf(part) / columns));
  return lines;
}

function widthOf(text: string): number {
  let width = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    width += code < 0x1100 ? 1 : code < 0x2e80 && code > 0x115f ? 1 : code >= 0xd800 && code <= 0xdfff ? 1 : 2;
  }
  return width;
}

function clamp(value: number, count: number): number {
  return Math.max(0, Math.min(count, value));
}
