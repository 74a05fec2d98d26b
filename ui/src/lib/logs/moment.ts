// A moment as a person writes it, and as a line shows it.

/** How the times of lines are shown. */
export type TimeMode = "local" | "utc" | "relative" | "off";
export const TIME_MODES: readonly TimeMode[] = ["local", "utc", "relative", "off"];

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `14:03`, `14:03:22.5`, `2026-11-21 14:03`, `-5m`, `5m ago`, `now`, or any ISO form;
 *  null where it is none. A bare time is the last one that has passed. */
export function parseMoment(text: string, now: number, utc = false): number | null {
  const given = text.trim().toLowerCase();
  if (given === "now") return now;
  const ago = /^-?\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)(?:\s+ago)?$/.exec(given);
  if (ago) return now - Number(ago[1]) * (UNITS[ago[2] as string] ?? 0);
  const clock = /^(?:(\d{4})-(\d\d)-(\d\d)[ t]+)?(\d{1,2}):(\d\d)(?::(\d\d(?:\.\d{1,3})?))?(z)?$/.exec(given);
  if (!clock) {
    const day = /^(\d{4})-(\d\d)-(\d\d)$/.exec(given);
    return day ? moment(day.slice(1, 4).map(Number), 0, 0, 0, utc) : isoMoment(text.trim());
  }
  const [hour, minute, second] = [Number(clock[4]), Number(clock[5]), Number(clock[6] ?? 0)];
  if (hour > 23 || minute > 59 || second >= 60) return null;
  if (clock[1] !== undefined) return moment(clock.slice(1, 4).map(Number), hour, minute, second, utc || clock[7] !== undefined);
  const today = dayOf(now, utc || clock[7] !== undefined);
  const at = moment(today, hour, minute, second, utc || clock[7] !== undefined);
  return at !== null && at > now ? at - (UNITS.d as number) : at;
}

function isoMoment(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\dt\d\d:\d\d/i.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}

function dayOf(at: number, utc: boolean): number[] {
  const date = new Date(at);
  return utc ? [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()] : [date.getFullYear(), date.getMonth() + 1, date.getDate()];
}

function moment(day: readonly number[], hour: number, minute: number, second: number, utc: boolean): number | null {
  const [year = 0, month = 0, date = 0] = day;
  if (month < 1 || month > 12 || date < 1 || date > 31) return null;
  const millis = Math.round((second % 1) * 1_000);
  const parts = [year, month - 1, date, hour, minute, Math.floor(second), millis] as const;
  return utc ? Date.UTC(...parts) : new Date(...parts).getTime();
}

/** The day of a moment, such as `2026-11-22`, in the zone of the mode. */
export function dayText(at: number, mode: TimeMode): string {
  return dayOf(at, mode === "utc").map((part) => String(part).padStart(2, "0")).join("-");
}

/** The time of a line; `zero` is what relative times count from. */
export function timeText(at: number, mode: TimeMode, zero: number, dated: boolean): string {
  if (mode === "off") return "";
  if (mode === "relative") return relativeText(at - zero);
  const date = new Date(at);
  const parts = mode === "utc" ? [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()] : [date.getHours(), date.getMinutes(), date.getSeconds()];
  const clock = `${parts.map((part) => String(part).padStart(2, "0")).join(":")}.${String(date.getUTCMilliseconds()).padStart(3, "0")}`;
  return dated ? `${dayText(at, mode).slice(5)} ${clock}` : clock;
}

/** A distance with its sign: `+0.250s`, `−12.0s`, `−4m 12s`, `+2h 05m`. */
export function relativeText(millis: number): string {
  const sign = millis < 0 ? "−" : "+";
  const size = Math.abs(millis);
  if (size < 10_000) return `${sign}${(size / 1_000).toFixed(3)}s`;
  if (size < 60_000) return `${sign}${(size / 1_000).toFixed(1)}s`;
  const minutes = Math.floor(size / 60_000);
  if (minutes < 60) return `${sign}${minutes}m ${String(Math.floor((size % 60_000) / 1_000)).padStart(2, "0")}s`;
  if (minutes < 1_440) return `${sign}${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, "0")}m`;
  return `${sign}${Math.floor(minutes / 1_440)}d ${Math.floor((minutes % 1_440) / 60)}h`;
}
