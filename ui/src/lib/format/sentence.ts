// Messages of the engine begin in small letters, so that they can be joined;
// standing alone they begin as sentences do. What looks like a name stays.

export function sentence(text: string): string {
  return /^[a-z]+(?=[\s,]|$)/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
