// The outline of a curve.
import { expect, it } from "vitest";
import { curveShape } from "./curve";

it("goes over the whole width and reaches the top at its peak", () => {
  const shape = curveShape({ name: "lag", points: [{ at: 0, value: 0 }, { at: 500, value: 80 }, { at: 1_000, value: 0 }] }, 100, 40);
  expect(shape).toMatchObject({ line: "M0 39L50 1L100 39", most: 80, last: 0 });
});
it("is nothing where there is no time or a single point", () => {
  expect(curveShape({ name: "lag", points: [] }, 100, 40)).toBeNull();
  expect(curveShape({ name: "lag", points: [{ at: 10, value: 3 }] }, 100, 40)).toBeNull();
});
it("is flat at the bottom where all is zero", () => {
  expect(curveShape({ name: "lag", points: [{ at: 0, value: 0 }, { at: 9, value: 0 }] }, 90, 20)?.line).toBe("M0 19L90 19");
});
