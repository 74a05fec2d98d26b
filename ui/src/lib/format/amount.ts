// Sizes, shares and counts in words.

/** Bytes in binary units at three digits: `512 B`, `4.2 MB`, `118 MB`, `1.31 GB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** Percent of one core: `0.3%`, `12%`, `240%`. */
export function formatCpu(percent: number): string {
  return `${percent < 9.95 ? percent.toFixed(1) : Math.round(percent)}%`;
}

/** A count in at most four characters: `999`, `1.2k`, `45k`, `3.1M`. */
export function formatCount(count: number): string {
  if (count < 1_000) return String(count);
  if (count < 9_950) return `${(count / 1_000).toFixed(1)}k`;
  if (count < 999_500) return `${Math.round(count / 1_000)}k`;
  if (count < 9_950_000) return `${(count / 1_000_000).toFixed(1)}M`;
  return `${Math.round(count / 1_000_000)}M`;
}

/** A count with its noun: `1 service`, `12 services`. */
export function countOf(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** A path for a narrow place: the last folders, preceded by an ellipsis. */
export function shortPath(path: string, length = 32): string {
  if (path.length <= length) return path;
  const parts = path.split(/(?=[/\\])/);
  let text = "";
  while (parts.length && text.length + (parts.at(-1)?.length ?? 0) < length) text = `${parts.pop()}${text}`;
  return `…${text || path.slice(1 - length)}`;
}
