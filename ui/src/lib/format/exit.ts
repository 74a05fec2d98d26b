// How an instance ended, in words.
import type { Exit } from "../bindings";

const SIGNALS: Record<number, string> = { 1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 6: "SIGABRT", 9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 15: "SIGTERM" };

export function describeExit(exit: Exit | null): string {
  if (exit === null) return "ended, nobody saw how";
  const parts: string[] = [];
  if (exit.oom) parts.push("killed: out of memory");
  else if (exit.killed_after_grace) parts.push("killed after the grace period");
  const signal = exit.signal ?? (exit.code !== null && exit.code > 128 && exit.code < 160 ? exit.code - 128 : null);
  if (signal !== null && parts.length === 0) parts.push(`ended by ${SIGNALS[signal] ?? `signal ${signal}`}`);
  if (exit.code !== null) parts.push(`exit code ${exit.code}`);
  return parts.join(", ") || "ended";
}
