// Spans and moments of time in words.

/** A span at two units of precision: `850 ms`, `3.2 s`, `4m 12s`, `2h 05m`, `3d 4h`. */
export function formatDuration(millis: number): string {
  if (!Number.isFinite(millis) || millis < 0) return "0 ms";
  if (millis < 1_000) return `${Math.round(millis)} ms`;
  const seconds = millis / 1_000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  return formatUptime(millis);
}

/** A span that ticks by the second: `0s`, `42s`, `4m 12s`, `2h 05m`, `3d 4h`. */
export function formatUptime(millis: number): string {
  const seconds = Math.max(0, Math.floor(millis / 1_000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${pad(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${pad(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** How long ago, in one unit: `now`, `12s ago`, `5m ago`, `3h ago`, `2d ago`. */
export function formatAgo(now: number, at: number): string {
  const seconds = Math.floor((now - at) / 1_000);
  if (seconds < 2) return "now";
  if (seconds < 60) return `${seconds}s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h ago`;
  return `${Math.floor(seconds / 86_400)}d ago`;
}

/** A latency given in microseconds: `480 µs`, `3.1 ms`, `120 ms`, `1.4 s`. */
export function formatLatency(micros: number): string {
  if (micros < 1_000) return `${Math.round(micros)} µs`;
  const millis = micros / 1_000;
  if (millis < 9.95) return `${millis.toFixed(1)} ms`;
  if (millis < 1_000) return `${Math.round(millis)} ms`;
  return `${(millis / 1_000).toFixed(1)} s`;
}

/** Local time with milliseconds: `14:03:22.123`. */
export function formatClock(at: number): string {
  const date = new Date(at);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** Local time to the second: `14:03:22`. */
export function formatTime(at: number): string {
  return formatClock(at).slice(0, 8);
}

/** Local day and time, the day left out where it is today's: `Nov 21, 14:03`. */
export function formatMoment(at: number, now: number): string {
  const date = new Date(at);
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  if (date.toDateString() === new Date(now).toDateString()) return `Today, ${time}`;
  if (date.toDateString() === new Date(now - 86_400_000).toDateString()) return `Yesterday, ${time}`;
  const day = date.toLocaleDateString("en", { month: "short", day: "numeric" });
  return `${day}, ${time}`;
}

/** The same within a sentence: `since today, 14:03`. */
export function momentWithin(at: number, now: number): string {
  return formatMoment(at, now).replace(/^(Today|Yesterday)/, (day) => day.toLowerCase());
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
