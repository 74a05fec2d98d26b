// Keeps the identity of what did not change, so that an answer that repeats
// itself draws nothing anew.

/** The new list, with old elements in place of equal new ones. */
export function shareUnchanged<T extends { name: string }>(before: readonly T[], after: readonly T[]): T[] {
  const known = new Map(before.map((item) => [item.name, item]));
  return after.map((item) => {
    const old = known.get(item.name);
    return old && JSON.stringify(old) === JSON.stringify(item) ? old : item;
  });
}
