// What a file that is written for a person is called, and where it goes at first.

/** A name with the local time: `shop-report-20261122-1405.tar.gz`. */
export function stampedName(name: string, kind: string, at: Date, extension: string): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const stamp = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}-${two(at.getHours())}${two(at.getMinutes())}`;
  const safe = name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[.-]+/, "") || "environment";
  return `${safe}-${kind}-${stamp}.${extension}`;
}

/** A file in a folder, with the separator of the folder. */
export function inFolder(folder: string, file: string): string {
  return `${folder.replace(/[\\/]+$/, "")}${folder.includes("\\") ? "\\" : "/"}${file}`;
}
