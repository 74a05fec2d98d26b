// The name of a report.
import { expect, it } from "vitest";
import { reportPath } from "./report-path";

const AT = new Date(2026, 10, 2, 9, 5);

it.each([
  ["/home/dev/shop", "shop", "/home/dev/shop/shop-report-20261102-0905.tar.gz"],
  ["/home/dev/shop/", "Größe & Co", "/home/dev/shop/Größe-Co-report-20261102-0905.tar.gz"],
  ["C:\\work", "../x", "C:\\work\\x-report-20261102-0905.tar.gz"],
  ["/", "...", "/environment-report-20261102-0905.tar.gz"],
])("a report in %s of %s is %s", (folder, name, path) => {
  expect(reportPath(folder, name, AT)).toBe(path);
});
