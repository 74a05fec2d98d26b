// A part of the time in percent, never rounded up to all of it.

export function formatPart(part: number): string {
  if (part >= 1) return "100 %";
  return part > 0.999 ? "> 99.9 %" : `${(part * 100).toFixed(1)} %`;
}
