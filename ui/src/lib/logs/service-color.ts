// A colour per service, the same everywhere and from day to day.

const COLORS = 12;

/** The tokens by name, neighbours in the list kept apart. */
export function serviceColors(names: readonly string[]): Map<string, string> {
  return new Map(names.toSorted().map((name, index) => [name, `var(--service-${(index * 5) % COLORS})`]));
}
