// What is said of a run that went to a file or came from one.
import type { HostFacts, RunExported, RunImported } from "../bindings";
import { formatBytes } from "../format/amount";
import { stampedName } from "../format/file-name";
import { countsText, type Said } from "../telemetry/transfer";

export const RUN_EXTENSION = "benchtop-run";

/** A name for the file, by the time at which the run began: `shop-run-20261122-1405.benchtop-run`. */
export function runFileName(environment: string, started: number): string {
  return stampedName(environment, "run", new Date(started), RUN_EXTENSION);
}

export function exportedRunText({ counts, bytes, path, masked }: RunExported): Said {
  const secrets = masked.length ? `. Masked: the values of ${masked.join(", ")}` : "";
  return { tone: "info", title: "Run exported", text: `${formatBytes(bytes)} with ${countsText(counts)} in ${path}${secrets}` };
}

export function importedRunText({ run, counts }: RunImported): Said {
  return { tone: "info", title: `Run of ${run.name} imported`, text: `With ${countsText(counts)}. It is pinned, so that no retention takes it away` };
}

/** The machine of a run in one line: `Debian 12, 8 processors, 16.0 GB, Benchtop 0.1.0`. */
export function hostText(host: HostFacts): string {
  const cpus = host.cpus === 1 ? "1 processor" : `${host.cpus} processors`;
  return [host.system, host.architecture, cpus, formatBytes(host.memory), `Benchtop ${host.benchtop}`].filter((word) => word !== "").join(", ");
}
