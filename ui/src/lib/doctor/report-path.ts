// Where a report goes unless a person says otherwise.
import { inFolder, stampedName } from "../format/file-name";

/** A file beside the project: `/p/shop-report-20261122-1405.tar.gz`, with the separator of the folder. */
export function reportPath(folder: string, name: string, at: Date): string {
  return inFolder(folder, stampedName(name, "report", at, "tar.gz"));
}
