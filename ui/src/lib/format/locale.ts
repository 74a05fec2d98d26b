// WebKitGTK says `C` for the language where the locale is C or POSIX, which is no language
// tag: every `Intl` formatter that is told it throws, the one that uPlot makes while it is
// loaded among them, and the page stays white. Imported first, before anything asks.

/** A language tag that `Intl` takes: the one of the host, or `en`. */
export function usableLanguage(language: string | undefined): string {
  try {
    return Intl.getCanonicalLocales(language)[0] ?? "en";
  } catch {
    return "en";
  }
}

if (typeof navigator !== "undefined") {
  const language = usableLanguage(navigator.language);
  if (language !== navigator.language) Object.defineProperty(navigator, "language", { value: language, configurable: true });
}
