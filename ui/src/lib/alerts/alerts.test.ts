// What is said of alerts and silences.
import { expect, it } from "vitest";
import type { Alert } from "../bindings";
import { lasted, parted, silencesOf, silenceText } from "./alerts";

const alert = (part: Partial<Alert>): Alert => ({ run: "r", number: 1, service: "db", status: "Unhealthy", cause: "it does not answer", next: null, affected: [], since: 1_000, closed: null, ending: null, times: 1, ...part });

it("says how long an alert lasts, or how it ended", () => {
  expect(lasted(alert({}), 253_000)).toBe("for 4m 12s");
  expect(lasted(alert({ closed: 43_000, ending: "recovered" }), 0)).toBe("recovered after 42s");
  expect(lasted(alert({ closed: 1_400, ending: "stopped" }), 0)).toBe("stopped after 400 ms");
});

it("tells open ones from those that are over", () => {
  const list = { run: "r", alerts: [alert({ number: 2 }), alert({ closed: 2_000, ending: "recovered" })], silences: [] };
  expect(parted(list).open.map(({ number }) => number)).toEqual([2]);
  expect(parted(list).closed.map(({ number }) => number)).toEqual([1]);
});

it("says how long a silence holds", () => {
  expect(silenceText({ service: "db", until: 61_000, run: null }, 0)).toBe("silent for 1m 01s more");
  expect(silenceText({ service: "db", until: null, run: "r" }, 0)).toBe("silent for this run");
  expect(silencesOf({ run: null, alerts: [], silences: [{ service: "db", until: null, run: null }] }).get("db")?.until).toBeNull();
});
