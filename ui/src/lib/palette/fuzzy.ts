// How well a few typed letters fit a title. Letters must come in order; starts of
// words and runs of letters count more, gaps count less.

export type FuzzyMatch = { score: number; positions: number[] };

const START_OF_WORD = 10;
const IN_A_ROW = 6;
const HIT = 2;
const GAP = 0.2;

/** Null where the letters do not occur in order. Blanks in the query are ignored. */
export function fuzzyMatch(query: string, title: string): FuzzyMatch | null {
  const letters = query.toLowerCase().replace(/\s+/g, "");
  if (letters === "") return { score: 0, positions: [] };
  const text = title.toLowerCase();
  let best: FuzzyMatch | null = null;
  for (let start = text.indexOf(letters[0] as string); start >= 0; start = text.indexOf(letters[0] as string, start + 1)) {
    const found = matchFrom(letters, text, start);
    if (found && (best === null || found.score > best.score)) best = found;
  }
  return best;
}

function matchFrom(letters: string, text: string, start: number): FuzzyMatch | null {
  const positions: number[] = [];
  let score = 0;
  let at = start;
  for (const letter of letters) {
    const next = nextPlace(text, letter, at, positions.at(-1));
    if (next < 0) return null;
    const last = positions.at(-1);
    if (last !== undefined && next === last + 1) score += IN_A_ROW;
    else if (isWordStart(text, next)) score += START_OF_WORD;
    else score += HIT;
    if (last !== undefined) score -= (next - last - 1) * GAP;
    positions.push(next);
    at = next + 1;
  }
  return { score: score - text.length * 0.02, positions };
}

/** The very next letter where it fits, else the start of a later word, else any. */
function nextPlace(text: string, letter: string, from: number, last: number | undefined): number {
  if (last === undefined || text[last + 1] === letter) return text.indexOf(letter, from);
  for (let index = from; index < text.length; index++) if (text[index] === letter && isWordStart(text, index)) return index;
  return text.indexOf(letter, from);
}

function isWordStart(text: string, index: number): boolean {
  return index === 0 || /[\s\-_./:]/.test(text[index - 1] as string);
}
