// Sentences of the engine begin in small letters, so that they can be joined;
// standing alone they begin as sentences do.

export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
