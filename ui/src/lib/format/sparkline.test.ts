// The small chart: edges, floor and cut.
import { expect, it } from "vitest";
import { sparkline } from "./sparkline";

it("draws nothing of nothing", () => {
  expect(sparkline([], 10, 50, 20)).toEqual({ line: "", area: "" });
});
it("puts the newest sample at the right edge and the peak at the top", () => {
  expect(sparkline([0, 100], 2, 50, 20).line).toBe("M0 19L50 1");
});
it("keeps idle noise flat", () => {
  expect(sparkline([0.1], 2, 50, 20).line).toBe("M50 18.6");
});
it("shows no more than its capacity and survives negative values", () => {
  const shape = sparkline([9, 9, 9, -4], 2, 50, 20);
  expect(shape.line).toBe("M0 1L50 19");
  expect(shape.area.endsWith("L50 20Z")).toBe(true);
});
