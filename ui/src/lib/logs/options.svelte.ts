// How lines are shown; remembered on this machine.
import { isBoolean, isStrings, recall, remember } from "../state/memory";
import { TIME_MODES, type TimeMode } from "./moment";

const isMode = (value: unknown): value is TimeMode => (TIME_MODES as readonly unknown[]).includes(value);
const MOST_COLUMNS = 6;

export class LogOptions {
  wrap = $state(recall("log-wrap", false, isBoolean));
  collapse = $state(recall("log-collapse", false, isBoolean));
  histogram = $state(recall("log-histogram", true, isBoolean));
  time: TimeMode = $state(recall("log-time", "local", isMode));
  /** Fields that have a column of their own. */
  columns: readonly string[] = $state.raw(recall("log-columns", [], isStrings));

  constructor() {
    $effect(() => remember("log-wrap", this.wrap));
    $effect(() => remember("log-collapse", this.collapse));
    $effect(() => remember("log-histogram", this.histogram));
    $effect(() => remember("log-time", this.time));
    $effect(() => remember("log-columns", this.columns));
  }

  nextTime(): void {
    this.time = TIME_MODES[(TIME_MODES.indexOf(this.time) + 1) % TIME_MODES.length] ?? "local";
  }

  toggleColumn(field: string): void {
    this.columns = this.columns.includes(field) ? this.columns.filter((other) => other !== field) : [...this.columns, field].slice(-MOST_COLUMNS);
  }
}
