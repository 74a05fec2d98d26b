// Words about changes of a definition.
import { expect, it } from "vitest";
import type { ChangeAction, ServiceChange } from "../bindings";
import { needText } from "./changes";

const change = (service: string, action: ChangeAction): ServiceChange => ({ service, action, kind: "changed", fields: [] });

it("says what has to happen to whom", () => {
  expect(needText([change("a", "restart"), change("b", "recreate"), change("c", "stop"), change("d", "none")])).toBe("restart needed for a, b; to stop: c");
  expect(needText([change("d", "none")])).toBe(null);
  expect(needText("abcdef".split("").map((name) => change(name, "start")))).toBe("to start: a, b, c, d and 2 more");
});
