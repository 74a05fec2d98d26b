// How far a pull has come, in words and as a share.
import type { LayerView, PullView } from "../bindings";
import { formatBytes } from "./amount";

/** From 0 to 1; null while the whole is not known. */
export function shareOf(done: number, total: number | null): number | null {
  return total === null || total <= 0 ? null : Math.min(1, Math.max(0, done / total));
}

/** `128 MB of 412 MB, 5 of 9 layers`. */
export function pullText({ done_bytes, total_bytes, layers }: PullView): string {
  const size = total_bytes === null ? formatBytes(done_bytes) : `${formatBytes(done_bytes)} of ${formatBytes(total_bytes)}`;
  const ready = layers.filter(isReady).length;
  return layers.length ? `${size}, ${ready} of ${layers.length} layers` : size;
}

export function isReady({ state }: LayerView): boolean {
  return /complete|already exists/i.test(state);
}
