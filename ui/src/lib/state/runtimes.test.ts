// Words about container runtimes.
import { expect, it } from "vitest";
import { codeParts } from "./runtimes";

it("tells code from words", () => {
  expect(codeParts("start it: `systemctl start docker`")).toEqual([{ text: "start it: ", code: false }, { text: "systemctl start docker", code: true }]);
  expect(codeParts("nothing")).toEqual([{ text: "nothing", code: false }]);
});
