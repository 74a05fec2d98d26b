// The language of the host, where it is one.
import { expect, it } from "vitest";
import { usableLanguage } from "./locale";

it.each([["en-US", "en-US"], ["de-DE", "de-DE"], ["C", "en"], ["POSIX!", "en"], ["", "en"], [undefined, "en"]])("%s is %s", (said, usable) => {
  expect(usableLanguage(said)).toBe(usable);
});
