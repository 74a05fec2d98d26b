// Where a report goes unless a person says otherwise.

/** A file beside the project: `/p/shop-report-20261122-1405.tar.gz`, with the separator of the folder. */
export function reportPath(folder: string, name: string, at: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const stamp = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}-${two(at.getHours())}${two(at.getMinutes())}`;
  const safe = name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[.-]+/, "") || "environment";
  const separator = folder.includes("\\") ? "\\" : "/";
  return `${folder.replace(/[\\/]+$/, "")}${separator}${safe}-report-${stamp}.tar.gz`;
}
