// The last CPU samples per service, collected here because the engine tells
// only the newest.
import type { ServiceView } from "../bindings";

export const SAMPLES = 40;
const LEAST_DISTANCE = 1_500;

export class Samples {
  #byService = new Map<string, number[]>();
  #takenAt = -Infinity;

  /** Notes the newest values, unless the last ones are younger than the least distance. */
  take(services: readonly ServiceView[], now: number): void {
    if (now - this.#takenAt < LEAST_DISTANCE) return;
    this.#takenAt = now;
    const names = new Set(services.map((service) => service.name));
    for (const name of this.#byService.keys()) if (!names.has(name)) this.#byService.delete(name);
    for (const service of services) {
      if (service.cpu === null) {
        this.#byService.delete(service.name);
        continue;
      }
      this.#byService.set(service.name, [...(this.#byService.get(service.name) ?? []), service.cpu].slice(-SAMPLES));
    }
  }

  of(service: string): readonly number[] {
    return this.#byService.get(service) ?? [];
  }
}
