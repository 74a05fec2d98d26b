// Values of metrics in words, after their unit in the code of UCUM, which OpenTelemetry
// prescribes: `By`, `s`, `1`, `%`, `{request}`, `By/s`.
import { formatBytes } from "../format/amount";

const BYTES: Record<string, number> = { By: 1, KiBy: 1_024, MiBy: 1_048_576, GiBy: 1_073_741_824, kBy: 1_000, MBy: 1e6, GBy: 1e9, bit: 1 / 8 };
const SECONDS: Record<string, number> = { ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3_600, d: 86_400 };
const WORDS: Record<string, string> = { Cel: "°C", Hz: "Hz", V: "V", W: "W", m: "m", g: "g", J: "J" };

/** Shares of one, where the name says so: the unit `1` alone may also be a plain count. */
export function isShare(metric: string, unit: string | null): boolean {
  return unit === "1" && /(utilization|ratio|fraction|hit_rate)$/.test(metric);
}

/** The unit as charts use it: shares and cores become percent. */
export function shownUnit(metric: string, unit: string | null): { unit: string | null; factor: number } {
  if (isShare(metric, unit) || unit === "{cpu}") return { unit: "%", factor: 100 };
  return { unit, factor: 1 };
}

/** A value with its unit: `4.2 MB`, `12.4 ms`, `3.1 requests/s`, `12%`. */
export function formatValue(value: number | null, unit: string | null): string {
  if (value === null || !Number.isFinite(value)) return "–";
  if (value < 0) return `−${formatValue(-value, unit)}`;
  const [base = "", per] = splitRate(unit);
  const text = amount(value, base, per !== undefined);
  return per === undefined ? text : `${text}/${per}`;
}

function amount(value: number, base: string, rate: boolean): string {
  const bytes = BYTES[base];
  if (bytes !== undefined) return formatBytes(rate && value * bytes < 1 ? Math.round(value * bytes * 10) / 10 : Math.round(value * bytes));
  const seconds = SECONDS[base];
  if (seconds !== undefined) return formatSeconds(value * seconds);
  if (base === "%") return `${value < 9.95 ? Number(value.toPrecision(2)) : Math.round(value)}%`;
  const word = wordOf(base, value);
  return word ? `${plainNumber(value)} ${word}` : plainNumber(value);
}

/** `By/s` cut into its unit and the time it counts by. */
function splitRate(unit: string | null): [string, string?] {
  const [base = "", per] = (unit ?? "").split("/");
  return per === undefined ? [base === "1" ? "" : base] : [base === "1" ? "" : base, per];
}

/** What an annotation such as `{request}` calls its things. */
function wordOf(base: string, value: number): string {
  const found = /^\{([^}]+)\}$/.exec(base)?.[1];
  // What counts has its name in the title of the chart.
  if (found === "count" || found === "observation" || found === "point") return "";
  if (found === undefined) return WORDS[base] ?? base;
  if (value === 1 || /[^s]s$/.test(found)) return found;
  return found.endsWith("s") ? `${found}es` : found.endsWith("y") ? `${found.slice(0, -1)}ies` : `${found}s`;
}

/** A span of time: `480 ns`, `12.4 µs`, `3.1 ms`, `1.4 s`, `2.5 min`, `1.2 h`. */
export function formatSeconds(seconds: number): string {
  if (seconds === 0) return "0 s";
  const steps: [number, string][] = [[3_600, "h"], [60, "min"], [1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];
  const [size, unit] = steps.find(([least]) => seconds >= least * 0.9995) ?? [1e-9, "ns"];
  return `${plainNumber(seconds / size)} ${unit}`;
}

/** Three digits, thousands shortened: `0.042`, `3.1`, `12`, `1.2k`, `45M`. */
export function plainNumber(value: number): string {
  if (value === 0) return "0";
  const sizes: [number, string][] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]];
  const [size, sign] = sizes.find(([least]) => value >= least * 0.9995) ?? [1, ""];
  const divisor = sign === "k" ? 1e3 : size;
  const shown = value / divisor;
  if (shown >= 1_000) return `${Math.round(shown).toLocaleString("en")}${sign}`;
  return `${shown >= 100 ? Math.round(shown) : Number(shown.toPrecision(3))}${sign}`;
}

/** How long a tick may be worded; bytes go by powers of two, the rest by ten. */
export function tickSteps(unit: string | null): number[] {
  const binary = (unit ?? "").split("/")[0] ?? "";
  if (BYTES[binary] !== undefined && /^(By|.iBy)$/.test(binary)) return Array.from({ length: 50 }, (_, power) => 2 ** power);
  return Array.from({ length: 26 }, (_, index) => index - 10).flatMap((power) => [1, 2, 5].map((factor) => Number(`${factor}e${power}`)));
}
