// Values of an address: lists, moments, escapes that may be broken.

export function moment(text: string | null): number | null {
  const at = Number(text);
  return text === null || text === "" || !Number.isFinite(at) ? null : at;
}

/** `a,b%2Cc` as its parts. */
export function list(text: string | null): string[] {
  return (text ?? "").split(",").map(decode).filter(Boolean);
}

export function writeList(items: readonly string[]): string {
  return items.map(encodeURIComponent).join(",");
}

export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
