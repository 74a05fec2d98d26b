// The colour of a service that spans name, the same as in the logs; those that are not
// declared have one too, made of their name.

const COLORS = 12;

export function colorOf(colors: ReadonlyMap<string, string>, service: string): string {
  const known = colors.get(service);
  if (known !== undefined) return known;
  let sum = 7;
  for (let index = 0; index < service.length; index++) sum = (sum * 31 + service.charCodeAt(index)) >>> 0;
  return `var(--service-${sum % COLORS})`;
}
