// What crosses the door: errors in one form, addresses only of the web.
import { describe, expect, it } from "vitest";
import { isWebAddress, toApiError } from "./backend";
import { reconnectDelay } from "./web";

describe("an error", () => {
  it("of the engine passes as it is, gaps filled", () => {
    expect(toApiError({ code: "not_found", message: "no" })).toEqual({ code: "not_found", message: "no", hint: null, problems: [] });
  });
  it.each([[new Error("broken"), "broken"], ["plain", "plain"], [null, "null"]])("of another kind gets its form: %s", (thrown, message) => {
    expect(toApiError(thrown)).toEqual({ code: "internal", message, hint: null, problems: [] });
  });
});

it("hands only web addresses to the system", () => {
  expect(["http://a", "HTTPS://a"].every(isWebAddress)).toBe(true);
  expect(["tcp://a", "javascript:alert(1)", "file:///etc", " http://a"].some(isWebAddress)).toBe(false);
});

it("waits longer between attempts, up to a limit", () => {
  expect([0, 1, 2, 10].map(reconnectDelay)).toEqual([250, 500, 1_000, 5_000]);
});
