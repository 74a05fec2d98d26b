// The words for an end.
import { expect, it } from "vitest";
import { describeExit } from "./exit";

const exit = { code: null, signal: null, oom: false, killed_after_grace: false };
it.each([
  [null, "ended, nobody saw how"],
  [exit, "ended"],
  [{ ...exit, code: 0 }, "exit code 0"],
  [{ ...exit, code: 143 }, "ended by SIGTERM, exit code 143"],
  [{ ...exit, code: 137, oom: true }, "killed: out of memory, exit code 137"],
  [{ ...exit, signal: 9, killed_after_grace: true }, "killed after the grace period"],
  [{ ...exit, signal: 40 }, "ended by signal 40"],
])("describes %j", (given, words) => expect(describeExit(given)).toBe(words));
