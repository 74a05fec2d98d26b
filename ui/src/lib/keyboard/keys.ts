// When a single key is a command, and what the page calls its keys.

/** Whether a key press belongs to a text field, a dialog, or another program's chord. */
export function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  const target = event.target;
  if (!(target instanceof Element)) return false;
  return target.closest("input, textarea, select, [contenteditable], dialog, [role=menu]") !== null;
}

/** Whether Enter and Space already mean something where the focus is. */
export function isOnControl(event: KeyboardEvent): boolean {
  return event.target instanceof Element && event.target.closest("button, a, [role=separator]") !== null;
}

export type Shortcut = { keys: string; what: string };
export type ShortcutGroup = { title: string; shortcuts: Shortcut[] };

export const SHORTCUTS: readonly ShortcutGroup[] = [
  { title: "Everywhere", shortcuts: [
    { keys: "Ctrl K", what: "Command palette" },
    { keys: "1", what: "Resources" },
    { keys: "2", what: "Logs" },
    { keys: "3", what: "Traces" },
    { keys: "4", what: "Metrics" },
    { keys: "5", what: "Runs" },
    { keys: "6", what: "Scenarios" },
    { keys: "7", what: "Doctor" },
    { keys: "a", what: "Alerts" },
    { keys: ",", what: "Settings" },
    { keys: "/", what: "Filter or search" },
    { keys: "?", what: "This list" },
    { keys: "Esc", what: "Close what is open" },
  ] },
  { title: "Resources", shortcuts: [
    { keys: "↑ ↓", what: "Previous, next service (also k, j)" },
    { keys: "Enter", what: "Details; start all where nothing runs" },
    { keys: "r", what: "Restart" },
    { keys: "b", what: "Rebuild" },
    { keys: "s", what: "Start, stop, or cancel what is under way" },
    { keys: "p", what: "Probe now" },
    { keys: "l", what: "Show logs" },
  ] },
  { title: "Logs", shortcuts: [
    { keys: "f", what: "Follow or pause" },
    { keys: "e", what: "Next error" },
    { keys: "Shift e", what: "Previous error" },
    { keys: "n", what: "Next line that the search fits" },
    { keys: "Shift n", what: "Previous line that it fits" },
    { keys: "m", what: "Mark instead of filter" },
    { keys: "g", what: "Go to a time" },
    { keys: "x", what: "Lines around the selected one" },
    { keys: "o", what: "Open the trace of the selected line" },
    { keys: "↑ ↓", what: "Previous, next line (also k, j)" },
    { keys: "w", what: "Wrap long lines" },
    { keys: "t", what: "Times: local, UTC, relative, none" },
    { keys: "d", what: "Put repeats together" },
    { keys: "h", what: "Lines over time" },
    { keys: "c", what: "Copy what is shown or selected" },
  ] },
  { title: "Traces", shortcuts: [
    { keys: "↑ ↓", what: "Previous, next trace (also k, j)" },
    { keys: "Shift ← →", what: "On the dots: a stretch of time and duration; Enter asks for it" },
    { keys: "Enter", what: "Open the trace" },
    { keys: "f", what: "Follow or pause" },
    { keys: "e", what: "Only traces with errors" },
    { keys: "o", what: "Slowest or newest first" },
    { keys: "m", what: "Map of services" },
  ] },
  { title: "One trace", shortcuts: [
    { keys: "↑ ↓", what: "Previous, next span (also k, j)" },
    { keys: "← →", what: "Collapse, expand; to the parent, to the child" },
    { keys: "Enter", what: "Collapse or expand" },
    { keys: "e", what: "Next error; with Shift the one before" },
    { keys: "n", what: "Next span that the search fits; with Shift the one before" },
    { keys: "c", what: "Critical path only" },
    { keys: "+ −", what: "Zoom in and out; 0 for the whole" },
    { keys: "w", what: "Waterfall" },
    { keys: "g", what: "Flame graph" },
    { keys: "l", what: "Logs of the trace" },
    { keys: "Esc", what: "Close the span, then the trace" },
  ] },
  { title: "Metrics", shortcuts: [
    { keys: "↑ ↓", what: "Previous, next metric (also k, j)" },
    { keys: "p", what: "Pin or unpin the chart" },
    { keys: "← →", what: "On a chart: walk along the time" },
    { keys: "Enter", what: "On a chart: the exemplar's trace" },
    { keys: "Esc", what: "The whole time again, then the dashboard" },
  ] },
  { title: "Lines over time", shortcuts: [
    { keys: "← →", what: "Walk; with Shift, a range" },
    { keys: "Enter", what: "Show this range only" },
    { keys: "Esc", what: "The whole time again" },
  ] },
];
